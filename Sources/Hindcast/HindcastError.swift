// What the shared API can fail with: an error of one of its parts, or a refusal of its own.
import FeatureModel
import RowFiles
import SliceStore

public enum HindcastError: Error, Sendable {
  case store(StoreError)
  case file(RowFileError)
  case declaration(DeclarationError)
  /// A row that can't be taken; nothing of it, or after the last position, was stored.
  case row(path: String, RowRejection)
  /// The request itself makes no sense; the text says how to mend it.
  case refused(String)
}

extension HindcastError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .store(let error): "\(error)"
    case .file(let error): "\(error)"
    case .declaration(let error): "\(error)"
    case .row(let path, let rejection): "\(path): \(rejection)"
    case .refused(let reason): reason
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
