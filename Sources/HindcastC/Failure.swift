// What a call failed with, in the terms of the C header: a code for programs, a text for people, and the row
// and column where it is one row's doing. Every error of the modules below becomes one of these.
import CHindcast
import Glibc
import Hindcast

struct Failure: Error, Sendable {
  /// The codes of the header.
  enum Code: Int32 {
    case invalid = 1
    case unknown, row, declaration, expired, readOnly, missing, locked, storage, cancelled, stream
  }

  var code: Code
  var message: String
  /// From 0.
  var row: Int?
  var column: String?

  init(_ code: Code, _ message: String, row: Int? = nil, column: String? = nil) {
    self.code = code
    self.message = message
    self.row = row
    self.column = column
  }

  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as HindcastError: self.init(error)
    case let error as StoreError: self.init(Code(error), "\(error)")
    default: self.init(.invalid, "\(error)")
    }
  }

  private init(_ error: HindcastError) {
    let text = "\(error)"
    switch error {
    case .store(let error): self.init(Code(error), text)
    case .file: self.init(.storage, text)
    case .declaration, .declarations: self.init(.declaration, text)
    case .row(_, let rejection, _): self.init(.row, text, column: rejection.field)
    case .spineRow(let row, let column, _): self.init(.row, text, row: row, column: column)
    case .rows(let refused, _):
      self.init(.row, text, row: refused.first?.row, column: refused.first?.field)
    case .eventRow(let refused): self.init(.row, text, row: refused.row, column: refused.field)
    case .storeAtRow(let row, let column, let error, place: _):
      self.init(Code(error), text, row: row, column: column)
    case .cancelled: self.init(.cancelled, text)
    case .refused: self.init(.invalid, text)
    }
  }
}

extension Failure.Code {
  init(_ error: StoreError) {
    switch error {
    case .storage(let error):
      switch error.code {
      case .locked: self = .locked
      case .databaseMissing: self = .missing
      default: self = .storage
      }
    case .corrupt, .damagedMetadata, .unknownFormat, .diskFull: self = .storage
    case .unknownStream, .unknownView, .unknownSet, .unknownTable, .unknownFeature, .unknownField:
      self = .unknown
    case .redefinition, .featuresInUse, .needsBackfill, .tooManyColumns, .unknownFunction:
      self = .declaration
    case .expired: self = .expired
    case .readOnly: self = .readOnly
    case .noViews, .entityParts, .sealMovesBack, .building, .invalid: self = .invalid
    }
  }
}

extension Failure {
  /// Writes the error where the caller asked for it; its texts are the caller's from then on.
  func write(to error: UnsafeMutablePointer<hindcast_error>?) {
    guard let error else { return }
    error.initialize(
      to: hindcast_error(
        code: code.rawValue, row: Int64(row ?? -1), column: column.map(CText.copy) ?? nil,
        message: CText.copy(message)))
  }

  static func clear(_ error: UnsafeMutablePointer<hindcast_error>?) {
    error?.initialize(to: hindcast_error(code: 0, row: -1, column: nil, message: nil))
  }
}

/// Runs the body of a call: its result, or nil and the error written down.
func reporting<Result>(
  _ error: UnsafeMutablePointer<hindcast_error>?, _ body: () throws -> Result
) -> Result? {
  Failure.clear(error)
  do { return try body() } catch let failure {
    Failure(failure).write(to: error)
    return nil
  }
}

/// Runs the body of a call that returns its error's code, 0 for none.
func outcome(
  _ error: UnsafeMutablePointer<hindcast_error>?, _ body: () throws -> Void
) -> Int32 {
  Failure.clear(error)
  do { try body() } catch let failure {
    let failure = Failure(failure)
    failure.write(to: error)
    return failure.code.rawValue
  }
  return 0
}

/// Texts to and from C.
enum CText {
  /// A copy that the caller frees. A NUL inside of a text would end it there, and becomes U+FFFD.
  static func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
    let text = text.utf8.contains(0) ? text.replacingNulls() : text
    return strdup(text)
  }

  /// A text that must be there.
  static func read(_ text: UnsafePointer<CChar>?, _ what: String) throws(Failure) -> String {
    guard let text else { throw Failure(.invalid, "\(what) is NULL") }
    guard let read = String(validatingCString: text) else {
      throw Failure(.invalid, "\(what) is not UTF-8")
    }
    return read
  }
}

extension String {
  fileprivate func replacingNulls() -> String {
    String(decoding: utf8.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] }, as: UTF8.self)
  }
}
