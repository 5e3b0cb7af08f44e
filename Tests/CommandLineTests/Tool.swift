// The built `hindcast` as people run it: a process with arguments, standard streams and an exit code, in a
// folder that looks like the repository's root.
import FeatureModel
import Foundation
import TestSupport

/// What a run of the tool gave.
struct Outcome {
  let code: Int32
  let output: String
  let errors: String

  /// Standard output as JSON, one value per line; throws where a line is none.
  func json() throws -> [JSONValue] {
    try output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
  }
}

extension Outcome {
  func firstJSON() throws -> JSONValue {
    guard let first = try json().first else { throw ToolFailure(text: errors) }
    return first
  }
}

enum Tool {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardized.path

  /// The executable lies beside the test bundle.
  static let path: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let candidates = [tests, CommandLine.arguments[0]].map {
      URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("hindcast").path
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "hindcast"
  }()

  static let commands = [
    "register", "plan", "check", "ingest", "load", "retract", "amend", "get", "explain", "join",
    "views", "describe", "new-view", "stats", "seal", "expire", "promote", "deprecate", "drop",
    "forget", "audit", "compare", "compact", "checkpoint",
    "verify-store", "serve", "verify-served",
  ]

  static func run(
    _ words: [String], in folder: String = root, input: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    try process(path, words, folder, input, environment)
  }

  /// A line for the shell, with the tool on its PATH.
  static func shell(_ line: String, in folder: String) throws -> Outcome {
    let folders = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let search = folders + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    return try process(
      "/bin/bash", ["-o", "pipefail", "-c", line], folder, nil, ["PATH": search])
  }

  private static func process(
    _ path: String, _ words: [String], _ folder: String, _ input: String?,
    _ environment: [String: String]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = words
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, because two pipes that fill up could wait for each other.
    let scratch =
      FileManager.default.temporaryDirectory.path + "/hindcast-tool-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let output = try file(scratch + "/out", Data())
    let errors = try file(scratch + "/err", Data())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = try file(scratch + "/in", Data((input ?? "").utf8))
    try process.run()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus,
      output: try String(contentsOfFile: scratch + "/out", encoding: .utf8),
      errors: try String(contentsOfFile: scratch + "/err", encoding: .utf8))
  }

  private static func file(_ path: String, _ content: Data) throws -> FileHandle {
    try content.write(to: URL(fileURLWithPath: path))
    return FileHandle(forUpdatingAtPath: path)!
  }

  /// A folder like the repository's root, with links to what the examples read.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    try withTemporaryDirectory { folder in
      for name in ["tools", "schemas"] {
        try FileManager.default.createSymbolicLink(
          atPath: folder + "/" + name, withDestinationPath: root + "/" + name)
      }
      return try body(folder)
    }
  }

  static let stream = """
    { "stream": "mails",
      "fields": { "sender": "string", "at": "timestamp", "seen": "timestamp", "size": "int" },
      "eventTime": "at", "arrivalTime": "seen" }
    """
  static let view = """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d",
      "features": { "{window}_N": { "count": true, "windows": ["1d", "30d"] },
                    "{window}_SIZE": { "sum": "size", "windows": ["30d"] } } }
    """
  static let set = """
    { "set": "risk_model", "features": ["by_sender.30d_SIZE", "by_sender.1d_N"] }
    """
  static let mails = """
    sender,at,seen,size
    ann,2026-01-03T08:00:00Z,2026-01-03T08:00:05Z,10
    ann,2026-01-04T17:00:00Z,2026-01-07T10:00:00Z,20
    bob,2026-01-05T09:00:00Z,2026-01-05T09:00:00Z,30
    -1|x,-86400000,,1

    """

  /// A folder with a small store `s` of three people's mails, and the files it was made from.
  static func withStore<Result>(_ body: (String) throws -> Result) throws -> Result {
    try withTemporaryDirectory { folder in
      for (name, text) in [
        ("mails.stream.json", stream), ("by_sender.view.json", view), ("mails.csv", mails),
        ("risk_model.set.json", set),
      ] { try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8) }
      for words in [
        ["register", "s", "mails.stream.json", "by_sender.view.json"],
        ["ingest", "s", "mails", "mails.csv"],
      ] {
        let outcome = try run(words, in: folder)
        guard outcome.code == 0 else { throw ToolFailure(text: outcome.errors) }
      }
      return try body(folder)
    }
  }
}

struct ToolFailure: Error { let text: String }
