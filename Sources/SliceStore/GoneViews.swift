// Views that nothing leads to any more: their blocks go after their names have, with a record `gone/ID` until
// they are gone, so that a process that ends in between leaves nothing behind that nobody would ever look at.
// Whoever still reads one is told, instead of being answered from what is half gone.
import FeatureModel
import Rocks

extension Store {
  private static let goneRecord = "gone/"

  /// To be written with the change that takes the view's name from it.
  func noteGone(_ view: ViewID, in changes: inout WriteBatch) {
    put([("\(Self.goneRecord)\(view.number)", "")], into: &changes)
  }

  /// Gives the space of a view that nothing leads to any more back: whole files at once, the rest by a
  /// compaction.
  func erase(_ view: ViewID) throws(StoreError) {
    marks.withLock { $0[view] }?.retire()
    try eraseBlocks(of: view)
    compact(SliceKey.range(view: view))
  }

  private func eraseBlocks(of view: ViewID) throws(StoreError) {
    let range = SliceKey.range(view: view)
    try StoreError.wrap { () throws(RocksError) in
      try database.deleteFiles(in: slices, from: range.lower, through: range.upper)
    }
    var changes = WriteBatch()
    remove(view, from: &changes)
    changes.delete(key: Array("\(Self.goneRecord)\(view.number)".utf8), in: meta)
    try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
  }

  /// Adds the removal of all that is stored of a view, or of a stream's kept events.
  func remove(_ taker: ViewID, from changes: inout WriteBatch) {
    let range = SliceKey.range(view: taker)
    let positions = SliceKey.position(view: taker, source: "")
    changes.deleteRange(from: range.lower, to: range.upper, in: slices)
    changes.deleteRange(from: positions, to: positions + [0xFF], in: slices)
  }

  /// Erases what a process that ended in between has left.
  /// - Parameter records: all of `meta`.
  func eraseGone(_ records: [(key: String, value: String)]) throws(StoreError) {
    for (key, _) in records where key.hasPrefix(Self.goneRecord) {
      guard let number = UInt32(key.dropFirst(Self.goneRecord.count)) else {
        throw .damagedMetadata(key: key, reason: "it names no view")
      }
      try eraseBlocks(of: ViewID(number: number))
    }
  }
}
