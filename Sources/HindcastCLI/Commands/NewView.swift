// `hindcast new-view`: a view to begin with, as a Swift package that is a plugin, or as a declaration file.
import Foundation
import Hindcast

enum NewView: Command {
  static let name = "new-view"
  static let summary = "Write a new view to begin with: a Swift package, or a declaration file"
  static let words = "NAME"
  static let options = [
    Option(
      "fields", "A:TYPE,...",
      "what events have; the first is the entity; default: sender:string,size:int"),
    Option("stream", "STREAM", "the stream's name; default: NAME_events"),
    Option("folder", "FOLDER", "where to write; default: NAME"),
    Option(
      "hindcast", "PATH|URL", "where Hindcast's package is; default: the one of this program"),
    Option(flag: "json", "write a declaration file in place of a package"),
  ]
  static let details = """
    The package has the view, its test, the program that makes it a plugin, some sample rows, and a README
    with the commands that build, register and ask. TYPE is string, int, double, bool or timestamp; the first
    timestamp is the event time, and without one a field `at` is added. Both forms declare the same view,
    with the same digest.
    """
  static let examples = [
    "hindcast new-view sender_activity --fields sender:string,size:int,topic:string",
    "hindcast new-view repo_activity --fields repo:string,lines_added:int --json",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    let shape = try ViewShape(
      words[0], stream: arguments["stream"],
      fields: arguments["fields"] ?? "sender:string,size:int")
    let folder = arguments["folder"] ?? words[0]
    let files: [(path: String, text: String)]
    if arguments.has("json") {
      files = ViewFiles.declaration(shape)
    } else {
      files = ViewFiles.package(shape, try dependency(arguments["hindcast"]))
    }
    try write(files, to: folder)
    for file in files { print("\(folder)/\(file.path)") }
    return .success
  }

  /// Nothing is written over.
  private static func write(_ files: [(path: String, text: String)], to folder: String) throws {
    let manager = FileManager.default
    for file in files where manager.fileExists(atPath: "\(folder)/\(file.path)") {
      throw HindcastError.refused(
        "\(folder)/\(file.path) is there already: name another folder with --folder")
    }
    for file in files {
      let url = URL(fileURLWithPath: folder).appendingPathComponent(file.path)
      do {
        try manager.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(file.text.utf8).write(to: url)
      } catch {
        throw HindcastError.refused("\(url.path): cannot be written: \(error.localizedDescription)")
      }
    }
  }

  /// The manifest's words for Hindcast's own package, and what they call it.
  private static func dependency(_ given: String?) throws -> (text: String, name: String) {
    if let given, given.contains("://") || given.hasPrefix("git@") {
      let last = given.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? given
      let name = last.hasSuffix(".git") ? String(last.dropLast(4)) : last
      return (#".package(url: "\#(given)", branch: "main")"#, name)
    }
    guard let path = given.map({ URL(fileURLWithPath: $0).standardized.path }) ?? ownPackage()
    else {
      throw UsageError(
        description: "say where Hindcast's package is: --hindcast PATH or --hindcast URL")
    }
    guard isPackage(path) else {
      throw HindcastError.refused("\(path): there is no package of Hindcast (no Package.swift)")
    }
    return (#".package(name: "hindcast", path: "\#(path)")"#, "hindcast")
  }

  /// The clone that this program was built in.
  private static func ownPackage() -> String? {
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var url = URL(fileURLWithPath: program ?? "/")
    while url.path != "/" {
      url.deleteLastPathComponent()
      if isPackage(url.path) { return url.path }
    }
    return nil
  }

  private static func isPackage(_ path: String) -> Bool {
    let manifest = FileManager.default.contents(atPath: path + "/Package.swift") ?? Data()
    return String(decoding: manifest, as: UTF8.self).contains(#".library(name: "Hindcast""#)
  }
}
