// Looking after a store: checkpoints, compaction, sizes.
import FeatureModel
import Rocks

/// The size of one view in the store.
public struct ViewStatistics: Sendable {
  public let view: String
  /// Bytes on disk, estimated by RocksDB.
  public let bytes: UInt64
}

/// Figures of the store as a whole.
public struct StoreStatistics: Sendable {
  /// Keys of blocks and positions, estimated by RocksDB.
  public let keysEstimate: UInt64
  /// Bytes of all table files.
  public let fileBytes: UInt64
  public let files: Int
  public let views: [ViewStatistics]
}

extension Store {
  /// A copy of the store as it stands, made of hard links where `folder` is on the same file system. It
  /// opens as a store of its own; `folder` must not exist yet.
  public func checkpoint(to folder: String) throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in try database.createCheckpoint(at: folder) }
  }

  /// Lets flushes and compactions of all stores of this process go behind its other threads, as a server wants
  /// it. It cannot be taken back.
  public static func lowerBackgroundPriority() { Database.lowerBackgroundPriority() }

  /// Merges what streaming and bulk writes left side by side, in all views. Answers do not change;
  /// reads get faster.
  public func compact() throws(StoreError) {
    try requireWritable()
    // Each file is written once: what the upper levels gave to the last is not rewritten there.
    database.compactRange(in: slices, bottommost: .forceOptimized)
  }

  /// Compacts if a large part of the store lies in files that overlap, as after a bulk load of several
  /// commits: every read would merge them anew. A small addition to a large store is left to RocksDB's own
  /// compactions.
  public func settle() throws(StoreError) {
    try requireWritable()
    let files = database.liveFiles().filter { $0.family == "slices" }
    let overlapping = files.filter { $0.level == 0 }
    let bytes = { (files: [LiveFile]) in files.reduce(0) { $0 + $1.byteCount } }
    if overlapping.count > 1, bytes(overlapping) * 4 > bytes(files) { try compact() }
  }

  /// Makes streaming writes that were acknowledged as `written` safe from a power cut.
  public func sync() throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in try database.flushWAL(sync: true) }
  }

  /// Writes what is in memory to table files.
  public func flush() throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in try database.flush([meta, slices], wait: true) }
  }

  public func statistics() throws(StoreError) -> StoreStatistics {
    let files = database.liveFiles().filter { $0.family == "slices" }
    var views: [ViewStatistics] = []
    for view in self.views {
      let range = SliceKey.range(view: view.id)
      let bytes = try StoreError.wrap { () throws(RocksError) in
        try database.approximateSize(of: slices, from: range.lower, to: range.upper)
      }
      views.append(ViewStatistics(view: view.declaration.name, bytes: bytes))
    }
    return StoreStatistics(
      keysEstimate: keysEstimate,
      fileBytes: files.reduce(0) { $0 + UInt64($1.byteCount) }, files: files.count, views: views)
  }

  /// Keys of blocks and positions, estimated by RocksDB.
  public var keysEstimate: UInt64 {
    database.integerProperty("rocksdb.estimate-num-keys", in: slices) ?? 0
  }

  /// RocksDB's own figures about the features' blocks, by the names of its properties.
  /// - Complexity: O(1); asked of memory.
  public var figures: [(name: String, value: UInt64)] {
    Self.figureNames.compactMap { name in
      database.integerProperty("rocksdb.\(name)", in: slices).map { (name, $0) }
    }
  }

  private static let figureNames = [
    "estimate-num-keys", "live-sst-files-size", "total-sst-files-size", "cur-size-all-mem-tables",
    "size-all-mem-tables", "num-immutable-mem-table", "mem-table-flush-pending",
    "compaction-pending", "estimate-pending-compaction-bytes", "num-running-compactions",
    "num-running-flushes", "num-live-versions", "num-snapshots", "block-cache-capacity",
    "block-cache-usage", "block-cache-pinned-usage", "estimate-table-readers-mem",
    "background-errors", "is-write-stopped", "actual-delayed-write-rate",
  ]

  /// Closes the store now instead of when its last user is gone. No reader, snapshot or loader may live.
  public func close() { database.close() }
}
