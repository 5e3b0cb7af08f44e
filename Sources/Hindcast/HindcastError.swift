// What the shared API can fail with: an error of one of its parts, or a refusal of its own.
import AsOfJoin
import FeatureModel
import RowFiles
import SliceStore

public enum HindcastError: Error, Sendable {
  case store(StoreError)
  case file(RowFileError)
  case declaration(DeclarationError)
  /// A row that can't be taken; nothing of it, or after the last position, was stored. The remedy is a
  /// sentence on how to go on, or empty.
  case row(path: String, RowRejection, remedy: String)
  /// A row of a spine in memory, from 0, that can't be answered.
  case spineRow(Int, column: String, reason: String)
  /// A row of events in memory that can't be stored; its row is counted from 0.
  case eventRow(RefusedEvent)
  /// Ids, events or rows of a table, from 0, that are taken all or none: those at fault, at least one, in
  /// their order. Nothing was changed; the text says what of it, and how to go on.
  case rows([RefusedEvent], text: String)
  /// What the store refuses or fails at for one row of a spine, from 0; `place` is where that is in a file.
  case storeAtRow(Int, column: String, StoreError, place: String?)
  /// The caller ended a join or a load.
  case cancelled
  /// The request itself makes no sense; the text says how to mend it.
  case refused(String)
  /// Declarations that can't be registered; one line for each mistake, with the text it is in.
  case declarations([String])
}

extension HindcastError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .store(let error): "\(error)"
    case .file(let error): "\(error)"
    case .declaration(let error): "\(error)"
    case .row(let path, let rejection, let remedy):
      "\(path): \(rejection)" + (remedy.isEmpty ? "" : ". \(remedy)")
    case .spineRow(let row, let column, let reason): "row \(row): column '\(column)' \(reason)"
    case .eventRow(let refused): "row \(refused.row): field '\(refused.field)': \(refused.reason)"
    case .rows(_, let text): text
    case .storeAtRow(let row, let column, let error, let place):
      "\(place ?? "row \(row)"): column '\(column)': \(error)"
    case .cancelled: "cancelled before the end"
    case .refused(let reason): reason
    case .declarations(let mistakes): mistakes.joined(separator: "\n")
    }
  }
}

extension HindcastError {
  static func store<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(HindcastError) -> Result {
    do { return try body() } catch { throw .store(error) }
  }

  static func file<Result>(
    _ body: () throws(RowFileError) -> Result
  ) throws(HindcastError) -> Result {
    do { return try body() } catch { throw .file(error) }
  }
}

extension HindcastError {
  /// - Parameter time: the spine's column of the rows' instants.
  init(_ error: JoinError, time: String) {
    switch error {
    case .spine(let error):
      self = .spineRow(error.row, column: error.column, reason: error.explanation)
    case .reader(let failure, let row):
      guard let error = failure.error as? StoreError else {
        preconditionFailure("a store's reader fails with the store's errors")
      }
      self =
        if let row { .storeAtRow(row, column: time, error, place: nil) } else { .store(error) }
    case .cancelled: self = .cancelled
    }
  }

  /// The same of a row that stands further on.
  func advanced(by rows: Int) -> HindcastError {
    switch self {
    case .spineRow(let row, let column, let reason):
      .spineRow(row + rows, column: column, reason: reason)
    case .storeAtRow(let row, let column, let error, let place):
      .storeAtRow(row + rows, column: column, error, place: place)
    default: self
    }
  }
}
