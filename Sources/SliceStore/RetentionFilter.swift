// Drops slices below a view's floor while RocksDB compacts. Only `Store.expire` moves a floor, and reads
// refuse what lies below it, so it does not matter to any answer when a compaction comes by.
import FeatureModel
import Rocks
import Synchronization

final class RetentionFilter: CompactionFilter {
  let name = "hindcast.retention.v1"
  private let floors = Mutex<[UInt32: Floor]>([:])

  private struct Floor {
    let slice: Int64
    /// By group number.
    let cuts: [UInt8: BlockCut]
  }

  /// Makes a view's floor known; without one, all of its slices stay.
  func set(_ view: RegisteredView) {
    guard let slice = view.floor else { return }
    let cuts = view.plan.groups.map { ($0.number, $0.cut) }
    let floor = Floor(slice: slice.index, cuts: Dictionary(uniqueKeysWithValues: cuts))
    floors.withLock { $0[view.id.number] = floor }
  }

  func decide(
    level: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) -> CompactionDecision {
    guard let parsed = ParsedSliceKey(key),
      let floor = floors.withLock({ $0[parsed.view.number] }),
      let cut = floor.cuts[parsed.group]
    else { return .keep }
    let start = cut.firstSlice(of: Int64(parsed.block), parsed.hash)
    if start >= floor.slice { return .keep }
    if start + Int64(cut.slicesPerBlock) <= floor.slice { return .remove }
    do {
      // A block across the floor loses its head.
      let first = Int(floor.slice - start)
      guard try BlockView(value).firstEntry(from: first) > 0 else { return .keep }
      return try BlockMerger().merge([value], firstOffset: first).map { .replace($0) } ?? .remove
    } catch {
      // A block that cannot be read is for verify-store to report, not to be lost here.
      return .keep
    }
  }
}
