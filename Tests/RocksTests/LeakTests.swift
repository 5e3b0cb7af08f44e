// What crosses the border to C is freed: error texts, merge results, replaced values, pinned
// values, cursors. Watched through the size of the process over loops that would leak tens of
// megabytes.

import Foundation
import Rocks
import Testing

/// Serialized, and with generous limits: other tests allocate at the same time.
@Suite(.serialized) struct LeakTests {
  /// Many times what a run is allowed to grow by; what each loop passes through in all.
  private static let traffic = 256 << 20
  private static let allowance = 96 << 20

  /// Runs `body` until it has moved `traffic` bytes in steps of `bytesPerCall`.
  private func expectNoGrowth(_ bytesPerCall: Int, _ body: () throws -> Void) throws {
    for _ in 0..<20 { try body() }
    let before = try residentBytes()
    for _ in 0..<(Self.traffic / bytesPerCall) { try body() }
    let growth = try residentBytes() - before
    #expect(growth < Self.allowance, "grew by \(growth >> 20) MiB")
  }

  @Test func `error texts are freed`() throws {
    var options = DatabaseOptions()
    options.infoLogLevel = .fatal
    try withDatabase(options: options) { database, family, _ in
      // The text repeats the name of the option.
      let name = String(repeating: "x", count: 1 << 19)
      try expectNoGrowth(1 << 19) {
        do throws(RocksError) {
          try database.setOptions([name: "1"], in: family)
          Issue.record("the option was taken")
        } catch {
          if error.message.utf8.count < 1 << 19 { Issue.record("the text is short") }
        }
      }
    }
  }

  @Test func `merge results, whole, partial and refused, are freed`() throws {
    var family = ColumnFamilyOptions("data")
    family.mergeOperator = Joining()
    family.disablesAutomaticCompactions = true
    try withDatabase(family) { database, data, _ in
      let operand = [UInt8](repeating: 0x61, count: 1 << 18)
      try database.merge(key: key(1), value: operand, in: data)
      try database.merge(key: key(1), value: operand, in: data)
      try database.merge(key: key(2), value: bytes("bad"), in: data)
      try expectNoGrowth(1 << 19) {
        _ = try database.multiGet(keys: [key(1)], in: data)
        #expect(throws: RocksError.self) { try database.get(key: key(2), in: data) }
      }
    }
  }

  @Test func `pinned values, cursors and snapshots are freed`() throws {
    try withDatabase { database, data, _ in
      try database.put(key: key(1), value: [UInt8](repeating: 1, count: 1 << 19), in: data)
      try expectNoGrowth(1 << 19) {
        let pinned = try pinnedValue(of: key(1), database, data)?.count
        #expect(pinned == 1 << 19)
        let bound = [UInt8](repeating: 0xFF, count: 1 << 19)
        var cursor = database.cursor(
          in: data, options: ReadOptions(snapshot: database.snapshot(), upperBound: bound))
        cursor.seekToFirst()
        let isValid = cursor.isValid
        #expect(isValid)
      }
    }
  }

  @Test func `replaced values are freed`() throws {
    let filter = Inflating()
    var family = ColumnFamilyOptions("data")
    family.compactionFilter = filter
    family.compression = .none
    try withDatabase(family) { database, data, _ in
      try database.put(key: key(2), value: [], in: data)
      try database.put(key: key(5), value: [], in: data)
      try database.flush([data])
      try expectNoGrowth(1 << 21) { database.compactRange(in: data, bottommost: .force) }
      #expect(try database.get(key: key(5), in: data)?.count == 5 << 18)
    }
  }
}

/// Replaces every value by 256 KiB times the last byte of its key, so that a run needs more and
/// more room.
private final class Inflating: CompactionFilter {
  let name = "test.inflating"
  func decide(
    level: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) -> CompactionDecision {
    .replace([UInt8](repeating: 7, count: Int(key.last ?? 0) << 18))
  }
}

/// The memory of this process that is in use, in bytes.
private func residentBytes() throws -> Int {
  let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    .split(separator: " ")
  return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
