// The cache of uncompressed blocks, which several column families and databases may share.
//
// Sharing one cache is how a process bounds the memory of all its reads with one number.

internal import CRocksDB

/// A least-recently-used cache of table blocks. Safe to share between threads, families and
/// databases; it lives as long as the last of them.
public final class BlockCache: @unchecked Sendable {
  // Unchecked: the pointer never changes, and RocksDB's cache does its own locking.
  let pointer: OpaquePointer

  /// A cache of at most about `capacity` bytes.
  ///
  /// - Parameters:
  ///   - capacity: in bytes of uncompressed blocks.
  ///   - shardBits: the cache is split in 2^shardBits parts with a lock each; nil lets RocksDB
  ///     choose by size.
  public init(capacity: Int, shardBits: Int? = nil) {
    let options = rocksdb_lru_cache_options_create()
    defer { rocksdb_lru_cache_options_destroy(options) }
    rocksdb_lru_cache_options_set_capacity(options, capacity)
    if let shardBits {
      rocksdb_lru_cache_options_set_num_shard_bits(options, Int32(shardBits))
    }
    pointer = rocksdb_cache_create_lru_opts(options)
  }

  deinit { rocksdb_cache_destroy(pointer) }

  /// The limit in bytes. Setting a smaller one evicts at once.
  public var capacity: Int {
    get { rocksdb_cache_get_capacity(pointer) }
    set { rocksdb_cache_set_capacity(pointer, newValue) }
  }

  /// The bytes held now.
  public var usage: Int { rocksdb_cache_get_usage(pointer) }

  /// The bytes that readers hold at this moment (pinned values, cursors).
  public var pinnedUsage: Int { rocksdb_cache_get_pinned_usage(pointer) }
}
