// What the shared API can fail with: an error of one of its parts, or a refusal of its own.
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
