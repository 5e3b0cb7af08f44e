// Options that reach RocksDB, and what a database tells about itself.

import Foundation
import Rocks
import TestSupport
import Testing

@Suite struct InspectionTests {
  @Test func `every named option reaches RocksDB`() throws {
    var family = ColumnFamilyOptions("data")
    family.writeBufferBytes = 3 << 20
    family.maxWriteBufferNumber = 5
    family.maxSuccessiveMerges = 9
    family.blockBytes = 12_345
    family.blockCache = BlockCache(capacity: 7 << 20)
    family.cachesIndexAndFilterBlocks = true
    family.bloomBitsPerKey = 11
    family.dataBlockHashRatio = 0.6
    family.compressionPerLevel = [.none, .lz4, .zstd]
    family.bottommostCompression = .zstd
    family.level0CompactionTrigger = 6
    family.level0SlowdownTrigger = 26
    family.level0StopTrigger = 46
    family.targetFileBytes = 5 << 20
    family.levelBaseBytes = 77 << 20
    family.dynamicLevelBytes = false
    family.disablesAutomaticCompactions = true
    family.mergeOperator = Joining()
    family.compactionFilter = Gardener()
    family.extra = ["ttl": "4321", "block_based_table_factory": "{block_align=false}"]
    var options = DatabaseOptions()
    options.maxBackgroundJobs = 3
    options.maxSubcompactions = 2
    options.maxOpenFiles = 321
    options.paranoidChecks = false
    options.walRecovery = .absoluteConsistency
    options.maxTotalWALBytes = 99 << 20
    options.walBytesPerSync = 1 << 19
    options.bytesPerSync = 1 << 18
    options.infoLogLevel = .error
    options.keptInfoLogs = 8
    options.extra = ["max_manifest_file_size": "123456"]
    try withDatabase(family, options: options) { database, _, _ in
      let written = try optionsFile(of: database.path)
      let expected = [
        "write_buffer_size=3145728", "max_write_buffer_number=5", "max_successive_merges=9",
        "block_size=12345", "cache_index_and_filter_blocks=true",
        "filter_policy=bloomfilter", "data_block_index_type=kDataBlockBinaryAndHash",
        "data_block_hash_table_util_ratio=0.600000", "checksum=kXXH3", "format_version=5",
        "compression_per_level=kNoCompression:kLZ4Compression:kZSTD",
        "bottommost_compression=kZSTD", "level0_file_num_compaction_trigger=6",
        "level0_slowdown_writes_trigger=26", "level0_stop_writes_trigger=46",
        "target_file_size_base=5242880", "max_bytes_for_level_base=80740352",
        "level_compaction_dynamic_level_bytes=false", "disable_auto_compactions=true",
        "merge_operator=test.joining", "ttl=4321", "max_background_jobs=3",
        "max_subcompactions=2", "max_open_files=321", "paranoid_checks=false",
        "wal_recovery_mode=kAbsoluteConsistency", "max_total_wal_size=103809024",
        "wal_bytes_per_sync=524288", "bytes_per_sync=262144", "info_log_level=ERROR_LEVEL",
        "keep_log_file_num=8", "max_manifest_file_size=123456",
      ]
      for line in expected {
        #expect(written.contains(line), "\(line) is not among the options of the database")
      }
    }
  }

  @Test func `a shared block cache bounds and counts the blocks of its families`() throws {
    let cache = BlockCache(capacity: 4 << 20, shardBits: 2)
    var family = ColumnFamilyOptions("data")
    family.blockCache = cache
    // Options in RocksDB's own notation must not replace the cache by another one.
    family.extra = ["block_based_table_factory": "{block_restart_interval=8}"]
    try withDatabase(family) { database, data, _ in
      #expect(database.integerProperty("rocksdb.block-cache-capacity", in: data) == 4 << 20)
      for number in 0..<1000 {
        try database.put(key: key(number), value: .init(repeating: 7, count: 300), in: data)
      }
      try database.flush([data])
      let before = cache.usage
      for number in 0..<1000 { _ = try database.get(key: key(number), in: data) }
      #expect(cache.usage > before + 100_000)
      cache.capacity = 1 << 16
      #expect(cache.capacity == 1 << 16)
      #expect(cache.usage <= 1 << 16)
    }
  }

  @Test func `files, sizes and properties describe what was flushed`() throws {
    var family = ColumnFamilyOptions("data")
    family.compression = .none
    try withDatabase(family) { database, data, _ in
      #expect(database.liveFiles().isEmpty)
      for number in 0..<1000 {
        try database.put(key: key(number), value: .init(repeating: 1, count: 1000), in: data)
      }
      try database.delete(key: key(5000), in: data)
      try database.flush([data])
      let file = try #require(database.liveFiles().first)
      #expect(database.liveFiles().count == 1)
      #expect(file.family == "data")
      #expect(file.level == 0)
      #expect(file.smallestKey == key(0))
      #expect(file.largestKey == key(5000))
      #expect(file.entries == 1001)
      #expect(file.deletions == 1)
      #expect(file.byteCount > 1_000_000)
      #expect(FileManager.default.fileExists(atPath: database.path + file.name))

      let all = try database.approximateSize(of: data)
      let half = try database.approximateSize(of: data, from: key(0), to: key(500))
      #expect(all > 900_000 && all < 1_200_000)
      #expect(half > all * 4 / 10 && half < all * 6 / 10)
      #expect(database.integerProperty("rocksdb.estimate-num-keys", in: data) ?? 0 >= 999)
      #expect(database.property("rocksdb.num-files-at-level0", in: data) == "1")
      #expect(database.property("rocksdb.no-such-property", in: data) == nil)
      #expect(database.integerProperty("rocksdb.no-such-property", in: data) == nil)
      #expect(database.health.isGood)
    }
  }

  @Test(arguments: [true, false])
  func `statistics are there when they were asked for`(areCollected: Bool) throws {
    var options = DatabaseOptions()
    options.collectsStatistics = areCollected
    try withDatabase(options: options) { database, data, _ in
      try database.put(key: key(1), value: key(1), in: data)
      _ = try database.get(key: key(1), in: data)
      let wanted = database.statistics?.contains("rocksdb.number.keys.written COUNT : 1")
      #expect(wanted == (areCollected ? true : nil))
    }
  }

  @Test func `compaction of a range moves it down and drops what was deleted`() throws {
    var family = ColumnFamilyOptions("data")
    family.disablesAutomaticCompactions = true
    try withDatabase(family) { database, data, _ in
      for round in 0..<3 {
        for number in 0..<100 {
          try database.put(key: key(number), value: key(round), in: data)
        }
        try database.flush([data])
      }
      try database.deleteRange(from: key(50), to: key(100), in: data)
      #expect(database.liveFiles().count == 3)
      database.compactRange(in: data, bottommost: .force)
      let files = database.liveFiles()
      #expect(files.map(\.entries).reduce(0, +) == 50)
      #expect(files.allSatisfy { $0.level > 0 })
      #expect(try database.get(key: key(49), in: data) == key(2))
      #expect(try database.get(key: key(50), in: data) == nil)
    }
  }

  @Test func `whole files in a range are dropped, others stay`() throws {
    var family = ColumnFamilyOptions("data")
    family.disablesAutomaticCompactions = true
    try withDatabase(family) { database, data, directory in
      for part in 0..<3 {
        var writer = try SSTWriter(path: directory + "/\(part).sst", family: family)
        for number in 0..<10 { try writer.put(key: key(part * 10 + number), value: key(part)) }
        _ = try writer.finish()
      }
      try database.ingest(
        files: (0..<3).map { directory + "/\($0).sst" }, into: data, move: true)
      try database.deleteFiles(in: data, from: key(5), through: key(25))
      #expect(try database.get(key: key(9), in: data) == key(0))
      #expect(try database.get(key: key(10), in: data) == nil)
      #expect(try database.get(key: key(20), in: data) == key(2))
      try database.deleteFiles(in: data, from: nil, through: nil)
      #expect(database.liveFiles().isEmpty)
    }
  }

  @Test func `options can be changed while the database runs`() throws {
    try withDatabase { database, data, _ in
      try database.setOptions(["disable_auto_compactions": "true"], in: data)
      #expect(try optionsFile(of: database.path).contains("disable_auto_compactions=true"))
      let error = #expect(throws: RocksError.self) {
        try database.setOptions(["no_such_option": "1"], in: data)
      }
      #expect(error?.code == .invalidArgument)
    }
  }
}

/// The lines of the newest options file that RocksDB keeps beside its data.
private func optionsFile(of path: String) throws -> Set<String> {
  let names = try FileManager.default.contentsOfDirectory(atPath: path)
  let newest = try #require(names.filter { $0.hasPrefix("OPTIONS-") }.sorted().last)
  let content = try String(contentsOfFile: path + "/" + newest, encoding: .utf8)
  return Set(content.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
}
