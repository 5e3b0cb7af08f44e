// An entity out of a store and out of what a server recorded about it, where no server runs: what the command
// line and other languages call. A server does it by itself, since it has more to let go of.
import FeatureModel
import Hindcast

extension FeatureStore {
  /// Erases an entity from the store and from a served log, then reads everything again.
  /// - Parameters:
  ///   - entity: what has all of these parts.
  ///   - folder: of the log, which no server writes to; nil for none.
  /// - Returns: what was erased, and what is left: 0 has to be. It cannot be undone.
  /// - Complexity: O(bytes stored).
  public func forget(
    _ entity: [EntityPart], servedLog folder: String?
  ) throws(HindcastError) -> ForgetReport {
    var report = try erase(entity, servedLog: folder)
    report.add(try Self.stored { () throws(StoreError) in try store.find(entity) })
    return report
  }

  /// The same without looking for what is left in the store: for whoever opens it anew first, so that its list
  /// of files is written anew as well.
  public func erase(
    _ entity: [EntityPart], servedLog folder: String?
  ) throws(HindcastError) -> ForgetReport {
    // A folder that is not there is found out before anything goes.
    if let folder { _ = try SegmentFolder.list(folder) }
    var report = try Self.stored { () throws(StoreError) in try store.erase(entity) }
    guard let folder else { return report }
    var served = ForgetReport(fields: report.fields)
    let keys = try Self.stored { () throws(StoreError) in try store.keys(of: entity) }
    try ServedErasure.erase(keys, from: folder, of: store).add(to: &served)
    try Self.stored { () throws(StoreError) in try store.noteForgotten(served) }
    report.add(served)
    return report
  }

  /// Where an entity is stored and recorded, as `left`; changes nothing.
  public func find(
    _ entity: [EntityPart], servedLog folder: String?
  ) throws(HindcastError) -> ForgetReport {
    var report = try Self.stored { () throws(StoreError) in try store.find(entity) }
    if let folder {
      let keys = try Self.stored { () throws(StoreError) in try store.keys(of: entity) }
      try ServedErasure.find(keys, in: folder, of: store).add(to: &report)
    }
    return report
  }

  private static func stored<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(HindcastError) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }
}
