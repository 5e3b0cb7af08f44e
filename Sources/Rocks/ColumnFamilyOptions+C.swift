// Turns `ColumnFamilyOptions` into RocksDB's own options, field by field.
//
// Who owns what: the options object shares ownership of the cache, and owns the filter policy, the
// merge operator and the compaction filter's factory; every copy of the options that RocksDB makes
// keeps them alive.

internal import CRocksDB

/// `kXXH3` of RocksDB's checksum types: the one whose check costs nothing measurable.
private let checksumXXH3: CChar = 4
/// The table format that knows the checksum above.
private let tableFormatVersion: Int32 = 5

extension ColumnFamilyOptions {
  /// RocksDB's options for this family. Throws `invalidArgument` when `extra` names an unknown one.
  func makeOptions() throws(RocksError) -> OptionsHandle {
    let handle = OptionsHandle()
    setMemory(handle.pointer)
    setLevels(handle.pointer)
    setCompression(handle.pointer)
    setTableFormat(handle.pointer)
    if let mergeOperator {
      rocksdb_options_set_merge_operator(handle.pointer, makeMergeOperator(mergeOperator))
    }
    if let compactionFilter {
      rocksdb_options_set_compaction_filter_factory(
        handle.pointer, makeCompactionFilterFactory(compactionFilter))
    }
    return try handle.applying(extra)
  }

  private func setMemory(_ options: OpaquePointer) {
    rocksdb_options_set_write_buffer_size(options, writeBufferBytes)
    rocksdb_options_set_max_write_buffer_number(options, Int32(maxWriteBufferNumber))
    rocksdb_options_set_max_successive_merges(options, maxSuccessiveMerges)
  }

  private func setLevels(_ options: OpaquePointer) {
    rocksdb_options_set_level0_file_num_compaction_trigger(options, Int32(level0CompactionTrigger))
    rocksdb_options_set_level0_slowdown_writes_trigger(options, Int32(level0SlowdownTrigger))
    rocksdb_options_set_level0_stop_writes_trigger(options, Int32(level0StopTrigger))
    rocksdb_options_set_target_file_size_base(options, UInt64(targetFileBytes))
    rocksdb_options_set_max_bytes_for_level_base(options, UInt64(levelBaseBytes))
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, dynamicLevelBytes.flag)
    rocksdb_options_set_disable_auto_compactions(options, disablesAutomaticCompactions ? 1 : 0)
  }

  private func setCompression(_ options: OpaquePointer) {
    rocksdb_options_set_compression(options, compression.rawValue)
    if let bottommostCompression {
      rocksdb_options_set_bottommost_compression(options, bottommostCompression.rawValue)
    }
    if !compressionPerLevel.isEmpty {
      let levels = compressionPerLevel.map(\.rawValue)
      rocksdb_options_set_compression_per_level(options, levels, levels.count)
    }
  }

  private func setTableFormat(_ options: OpaquePointer) {
    let table: OpaquePointer = rocksdb_block_based_options_create()
    defer { rocksdb_block_based_options_destroy(table) }
    rocksdb_block_based_options_set_block_size(table, blockBytes)
    rocksdb_block_based_options_set_format_version(table, tableFormatVersion)
    rocksdb_block_based_options_set_checksum(table, checksumXXH3)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(
      table, cachesIndexAndFilterBlocks.flag)
    if let blockCache {
      rocksdb_block_based_options_set_block_cache(table, blockCache.pointer)
    }
    if let bloomBitsPerKey {
      rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(bloomBitsPerKey))
    }
    if let dataBlockHashRatio {
      rocksdb_block_based_options_set_data_block_index_type(
        table, Int32(rocksdb_block_based_table_data_block_index_type_binary_search_and_hash))
      rocksdb_block_based_options_set_data_block_hash_ratio(table, dataBlockHashRatio)
    }
    rocksdb_options_set_block_based_table_factory(options, table)
  }
}
