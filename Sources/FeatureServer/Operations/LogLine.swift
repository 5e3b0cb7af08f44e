// One line of the log, as logfmt or as JSON. Text is escaped so that a line stays one line and no value can
// pass for another field, whatever it holds.
import FeatureModel

/// A value in the log. There is none for a feature's value, and messages and names are literals of the
/// program: what a client sends gets into the log only where a call names it.
public enum LogValue: Sendable {
  /// Beyond 200 bytes it is cut.
  case text(String)
  case int(Int)
  /// Seconds and the like.
  case number(Double)
  case bool(Bool)
}

struct LogLine {
  static let longestText = 200

  private let format: Log.Format
  private(set) var bytes: [UInt8] = []

  /// - Parameter milliseconds: since 1970, UTC.
  init(_ format: Log.Format, _ level: Log.Level, _ milliseconds: Int64, _ message: StaticString) {
    self.format = format
    if format == .json { append("{") }
    add("time", raw: Self.time(milliseconds), quoted: true)
    add("level", raw: level.rawValue, quoted: true)
    add("message", .text(message.description))
  }

  mutating func add(_ name: StaticString, _ value: LogValue) {
    switch value {
    case .text(let text): add(name, text: text)
    case .int(let number): add(name, raw: String(number), quoted: false)
    case .number(let number):
      add(name, raw: number.isFinite ? number.description : "null", quoted: false)
    case .bool(let value): add(name, raw: value ? "true" : "false", quoted: false)
    }
  }

  /// With its line end.
  mutating func finish() -> [UInt8] {
    append(format == .json ? "}\n" : "\n")
    return bytes
  }

  /// `2026-11-22T13:17:02.042Z`: always with milliseconds, so that lines sort as text.
  static func time(_ milliseconds: Int64) -> String {
    let text = (Timestamp(milliseconds: milliseconds) ?? .earliest).description
    return text.contains(".") ? text : text.dropLast() + ".000Z"
  }

  private mutating func add(_ name: StaticString, raw: String, quoted: Bool) {
    begin(name)
    let isString = quoted && format == .json
    append(isString ? "\"\(raw)\"" : raw)
  }

  private mutating func add(_ name: StaticString, text: String) {
    begin(name)
    let cut = Self.cut(text)
    if format == .json || Self.needsQuotes(cut) {
      JSONWriter.append(string: cut, to: &bytes)
    } else {
      append(cut)
    }
  }

  private mutating func begin(_ name: StaticString) {
    let isFirst = bytes.count <= 1
    switch format {
    case .logfmt: append((isFirst ? "" : " ") + "\(name)=")
    case .json: append((isFirst ? "" : ",") + "\"\(name)\":")
    }
  }

  private mutating func append(_ text: String) { bytes += text.utf8 }

  private static func cut(_ text: String) -> String {
    if text.utf8.count <= longestText { return text }
    // Decoding mends a character that the cut went through.
    return String(decoding: text.utf8.prefix(longestText), as: UTF8.self) + "..."
  }

  private static func needsQuotes(_ text: String) -> Bool {
    text.isEmpty
      || text.utf8.contains {
        $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "=")
          || $0 == UInt8(ascii: "\\")
      }
  }
}
