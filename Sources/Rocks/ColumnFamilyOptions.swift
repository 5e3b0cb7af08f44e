// How one column family keeps its data: a plain value that can be built anywhere and compared by
// eye. It is turned into RocksDB's own options when a database is opened or a table file written.
//
// Only what a store of sorted blocks needs is named here; `extra` reaches everything else.

/// The name and the tuning of one column family.
public struct ColumnFamilyOptions: Sendable {
  /// The family's name. `default` is the one that every database has.
  public var name: String

  /// Size of one in-memory write buffer, in bytes.
  public var writeBufferBytes = 64 << 20
  /// Write buffers that may exist before writers must wait for a flush.
  public var maxWriteBufferNumber = 2
  /// When a key in the write buffer already has this many merge operands in a row, the next one is
  /// merged at once, at the writer's cost. 0: never.
  public var maxSuccessiveMerges = 0

  /// Size of a data block before compression, in bytes.
  public var blockBytes = 16 << 10
  /// The cache of uncompressed blocks; nil gives the family a private one of 8 MiB.
  public var blockCache: BlockCache?
  /// Keeps index and filter blocks in `blockCache` too, so that it bounds all memory of reads.
  /// Otherwise they stay in memory for as long as a file is open.
  public var cachesIndexAndFilterBlocks = false
  /// Bits of a Bloom filter for each key, about 10 for 1 % false positives; nil for no filter,
  /// which is faster where the keys that are asked for normally exist.
  public var bloomBitsPerKey: Double?
  /// Adds a hash index to each data block, with this many entries to a bucket (0.75 is RocksDB's
  /// usual ratio). Helps point reads a little; nil for none.
  public var dataBlockHashRatio: Double?

  /// Compression of the table files, all levels alike unless the next two say otherwise.
  public var compression = Compression.lz4
  /// Compression of each level from 0 down; the last entry serves for all deeper levels.
  public var compressionPerLevel: [Compression] = []
  /// Compression of the last level that holds data, and of files that `SSTWriter` writes.
  public var bottommostCompression: Compression?

  /// Files in level 0 that start a compaction.
  public var level0CompactionTrigger = 4
  /// Files in level 0 from which on writers are slowed down.
  public var level0SlowdownTrigger = 20
  /// Files in level 0 from which on writers wait.
  public var level0StopTrigger = 36
  /// Size of a table file that a compaction writes, in bytes.
  public var targetFileBytes = 64 << 20
  /// Size of the first sorted level, in bytes.
  public var levelBaseBytes = 256 << 20
  /// Lets the sizes of the levels follow the size of the last one, which keeps the space
  /// overhead near a tenth.
  public var dynamicLevelBytes = true
  /// Turns compactions off, except those that are asked for.
  public var disablesAutomaticCompactions = false

  /// Combines the operands that `merge` writes. Without one, merges fail.
  public var mergeOperator: (any MergeOperator)?
  /// Looks at each value as compactions rewrite it.
  public var compactionFilter: (any CompactionFilter)?

  /// Further options in RocksDB's own notation, for example `["ttl": "0"]` or
  /// `["block_based_table_factory": "{block_align=true}"]`. Applied last; an unknown name makes
  /// opening fail with `invalidArgument`.
  public var extra: [String: String] = [:]

  /// The options of a family called `name`, all others at the values given above.
  public init(_ name: String) { self.name = name }
}

/// How the blocks of a table file are compressed. The raw values are RocksDB's and are stored in
/// its files.
public enum Compression: Int32, Sendable, CaseIterable {
  case none = 0
  case snappy = 1
  case zlib = 2
  case lz4 = 4
  case lz4hc = 5
  case zstd = 7
}
