// Why one row was left out. Such a row leaves no trace in the batch; reading goes on with the next.

/// One refused row.
public struct RowRejection: Error, Hashable, Sendable {
  /// The 1-based number of the physical line on which the row starts.
  public let line: Int
  /// The field whose value is at fault; nil where the row as a whole is.
  public let field: String?
  public let problem: RowProblem
  /// The row's bytes in its chunk, without the line end.
  public let range: Range<Int>

  public init(line: Int, field: String?, problem: RowProblem, range: Range<Int>) {
    self.line = line
    self.field = field
    self.problem = problem
    self.range = range
  }
}

extension RowRejection: CustomStringConvertible {
  public var description: String {
    "line \(line): " + (field.map { "field '\($0)': " } ?? "") + problem.description
  }
}

/// What is wrong with a row or one of its values; their texts are cut after 60 bytes.
public enum RowProblem: Hashable, Sendable {
  /// No value in a field that needs one.
  case missing
  case notAnInteger(String)
  case integerOutOfRange(String)
  case notANumber(String)
  case notFinite(String)
  case notABool(String)
  case notAString(String)
  case notATimestamp(String)
  /// At a byte of the value, counted from 0.
  case invalidUTF8(at: Int)
  case cellCount(Int, expected: Int)
  case unterminatedQuote
  case textAfterQuote
  /// At a byte of the row, counted from 1.
  case json(column: Int, String)
  case notAnObject
  /// The row reads well, but what it says cannot be stored.
  case refused(String)
  case duplicateMember
  /// The row has a member of a name that is to be appended to it.
  case reservedMember(String)
  /// The row has a member that the header of a CSV output, made from the first row, has no column for.
  case unknownMember(String)

  init?(_ fault: CSVRow.Fault) {
    switch fault {
    case .none: return nil
    case .unterminatedQuote: self = .unterminatedQuote
    case .textAfterQuote: self = .textAfterQuote
    }
  }

  static let excerptLimit = 60

  /// A value's text for a message.
  static func excerpt(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.count <= excerptLimit { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: bytes.prefix(excerptLimit), as: UTF8.self) + "..."
  }
}

extension RowProblem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing: "a value is missing"
    case .notAnInteger(let text): "not an integer: '\(text)'"
    case .integerOutOfRange(let text): "an integer out of range: '\(text)'"
    case .notANumber(let text): "not a number: '\(text)'"
    case .notFinite(let text): "not a finite number: '\(text)'"
    case .notABool(let text): "not a bool (true, false, t, f, 1, 0): '\(text)'"
    case .notAString(let text): "not a string: '\(text)'"
    case .notATimestamp(let text):
      "not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): '\(text)'"
    case .invalidUTF8(let offset): "byte \(offset + 1) of the value is not UTF-8"
    case .cellCount(let count, let expected): "\(count) cells instead of \(expected)"
    case .unterminatedQuote: "a quote is opened and never closed"
    case .textAfterQuote: "text follows a closing quote"
    case .json(let column, let reason): "not JSON at byte \(column): \(reason)"
    case .refused(let reason): reason
    case .notAnObject: "not a JSON object"
    case .duplicateMember: "the object has this member twice"
    case .reservedMember(let name):
      "the object has a member '\(name)' already, and a column of that name is to be appended"
    case .unknownMember(let name):
      "the object has a member '\(name)', which the first object lacks, and the columns of a CSV "
        + "output are those of the first: write JSON Lines, or give the first object all members"
    }
  }
}
