// Words of the command line turned into what they mean: stores, times, modes, entities, declarations.
import Foundation
import Hindcast

enum Inputs {
  static func now() -> Timestamp {
    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))!
  }

  static func time(_ text: String, _ what: String) throws(UsageError) -> Timestamp {
    if text == "now" { return now() }
    guard let time = Timestamp(parsing: text) else {
      throw UsageError(
        description: "\(what): '\(text)' is no time; write ISO 8601 (2026-11-22T13:17:02Z), "
          + "epoch milliseconds, or now")
    }
    return time
  }

  static let modeOptions = [
    Option("known-at", "TIME", "what was known at a fixed instant"),
    Option(flag: "corrected", "with all that is known by now"),
  ]

  static let freshOption = Option(flag: "fresh", "also the current slice; not replayable")

  static func mode(_ arguments: Arguments) throws(UsageError) -> ReadMode {
    let given = ["known-at", "corrected", "fresh"].filter { arguments.has($0) }
    guard given.count < 2 else {
      throw UsageError(description: "--\(given[0]) and --\(given[1]) exclude each other")
    }
    if let known = arguments["known-at"] { return .knownAt(try time(known, "--known-at")) }
    if arguments.has("corrected") { return .corrected }
    return arguments.has("fresh") ? .fresh : .asServed
  }

  static func format(_ arguments: Arguments, _ option: String) throws(UsageError) -> RowFormat? {
    guard let text = arguments[option] else { return nil }
    guard let format = RowFormat(rawValue: text) else {
      throw UsageError(description: "--\(option): '\(text)' is no format; write csv or jsonl")
    }
    return format
  }

  /// The parts of a view's key as they are written, over a socket too: the text itself for one key field;
  /// `a|b` for two, where `\|` and `\\` stand for the characters themselves.
  static func entity(_ text: String, of view: String, in store: FeatureStore) throws -> [String] {
    let count = try store.store.view(view).declaration.entity.count
    return count == 1 ? [text] : split(text)
  }

  private static func split(_ text: String) -> [String] {
    var parts = [""]
    var isEscaped = false
    for character in text.unicodeScalars {
      if isEscaped || (character != "\\" && character != "|") {
        parts[parts.count - 1].unicodeScalars.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else {
        parts.append("")
      }
    }
    // One at the end has nothing to stand before.
    if isEscaped { parts[parts.count - 1] += "\\" }
    return parts
  }

  /// Lends a store with nothing in it, for declarations to be held against.
  /// - Parameter path: where it is meanwhile; nothing stands there yet.
  static func withEmptyStore<Result, Failure: Error>(
    at path: String, _ body: (FeatureStore) throws(Failure) -> Result
  ) throws -> Result {
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(try FeatureStore.open(path, .create))
  }

  /// Declaration files, and plugins, which are asked for theirs.
  static func declarations(_ paths: [String]) throws(HindcastError) -> [DeclarationText] {
    var texts: [DeclarationText] = []
    for path in paths {
      if Plugins.isPlugin(path) {
        texts.append(try Plugins.declarations(of: path))
        continue
      }
      guard let text = FileManager.default.contents(atPath: path) else {
        throw .refused("\(path): cannot be read")
      }
      if Plugins.isProgram(text) { throw Plugins.noPlugin(path) }
      texts.append(DeclarationText(name: path, text: [UInt8](text)))
    }
    return texts
  }

  /// Names of features: at least one, and none twice.
  static func features(_ text: String) throws(UsageError) -> [String] {
    let names = text.split(separator: ",").map(String.init)
    if names.isEmpty { throw UsageError(description: "no feature is named: write A,B") }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw UsageError(description: "the feature '\(name)' is named twice")
    }
    return names
  }
}
