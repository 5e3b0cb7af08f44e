// What a bulk load does for the history of a view: it takes in a part of the hash space at a time; for each
// part the kept events are read once more. Where the view has nothing yet of that part, what is stored are
// values in the form that the last level has: nothing is left for a merge, at reading or in a compaction.
import Aggregates
import Glibc
import Rocks

extension BulkLoader {
  /// What became of files that were written.
  private enum Outcome {
    case isStored
    /// An entity was forgotten since their events were read.
    case isStale
    /// They hold values for what has got something else since.
    case isCovered
  }

  /// Memory of the records alone, in bytes.
  var bytesUsed: Int {
    workers.reduce(0) { $0 + $1.arenas.reduce(0) { $0 + $1.bytesUsed } }
  }

  /// Takes in entities of these partitions alone from here on, and forgets the records of others.
  func restrict(to partitions: Range<Int>) {
    self.partitions = partitions
    for worker in workers {
      for arena in worker.arenas { arena.restrict(to: partitions) }
    }
  }

  /// Stores the records of the one view that is replayed, while writes go on.
  /// - Returns: false, and nothing is stored, where an entity was forgotten meanwhile.
  func storeReplayed(
    _ positions: [SourcePosition], _ forgets: UInt64
  ) throws(StoreError) -> Bool {
    var replacing = try emptyGroups(of: targets[0])
    while true {
      // Nothing in the files depends on the seal, so that writers need not wait for them.
      let files = try writeReplayed(positions, replacing)
      let outcome: Outcome
      do throws(StoreError) {
        // What is in memory of the view's range goes to the disk before files are taken in, and writers would
        // wait for all of it.
        try StoreError.wrap { () throws(RocksError) in
          try store.database.flush([store.slices])
        }
        outcome = try store.writer.withLock { _ throws(StoreError) in
          try takeIn(files, replacing, forgets)
        }
      } catch {
        for file in files { unlink(file) }
        throw error
      }
      if outcome == .isStored {
        hasDeltas = hasDeltas || replacing.contains(false)
        return true
      }
      for file in files { unlink(file) }
      if outcome == .isStale { return false }
      replacing = replacing.map { _ in false }
    }
  }

  private func takeIn(
    _ files: [String], _ replacing: [Bool], _ forgets: UInt64
  ) throws(StoreError) -> Outcome {
    // The blocks of a view that was dropped would stay behind, and nothing would lead to them.
    let current = Set(store.views(of: stream.name).map(\.id))
    guard current.contains(targets[0].id) else {
      throw .invalid("a view was dropped while events were loaded into it")
    }
    guard store.forgets == forgets else { return .isStale }
    // A value would hide what came before it.
    let isEmpty = try emptyGroups(of: targets[0])
    guard zip(replacing, isEmpty).allSatisfy({ !$0 || $1 }) else { return .isCovered }
    try takeIn(files)
    return .isStored
  }

  /// The positions get a file of their own: with one of them each file would overlap those before it.
  private func writeReplayed(
    _ positions: [SourcePosition], _ replacing: [Bool]
  ) throws(StoreError) -> [String] {
    let prefix = try store.newLoadFiles()
    let written = try writeBlocks(ofView: 0, prefix, [], replacing: replacing)
    do throws(StoreError) {
      return written + [try writeAlone(positionRecords(positions), prefix)]
    } catch {
      for file in written { unlink(file) }
      throw error
    }
  }
}
