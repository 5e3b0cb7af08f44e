// What the tests of this folder share: short ways to make keys, databases and operators.

import Rocks
import Synchronization
import TestSupport

/// The UTF-8 bytes of `text`.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text that UTF-8 `bytes` spell.
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// A key that sorts as `number` does.
func key(_ number: Int) -> [UInt8] {
  withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
}

/// Opens, in a temporary directory, a database with one family called `data`, and closes it after
/// `body`.
func withDatabase(
  _ family: ColumnFamilyOptions = ColumnFamilyOptions("data"),
  options: DatabaseOptions = DatabaseOptions(),
  _ body: (Database, ColumnFamily, _ directory: String) throws -> Void
) throws {
  try withTemporaryDirectory { directory in
    let database = try Database.open(
      directory + "/db", options: options, columnFamilies: [family], mode: .create)
    try body(database, try database.family(family.name), directory)
    database.close()
  }
}

/// The value at `key`, not copied.
func pinnedValue(
  of key: [UInt8], _ database: Database, _ family: ColumnFamily
) throws -> PinnedBytes? {
  try key.span.withUnsafeBytes { (key) throws(RocksError) in
    try database.get(key: key, in: family)
  }
}

/// The text of the key a cursor stands on, if it stands on one.
func position(_ cursor: borrowing Cursor) -> String? {
  cursor.isValid ? text(cursor.key) : nil
}

/// All keys and values a cursor shows, from its first to its last.
func contents(_ cursor: consuming Cursor) throws -> [String: String] {
  var found: [String: String] = [:]
  cursor.seekToFirst()
  while cursor.isValid {
    found[text(cursor.key)] = text(cursor.value)
    cursor.next()
  }
  try cursor.check()
  return found
}

/// Joins the value and the operands with commas, in order; refuses the operand `bad`. Combining
/// without the value is allowed unless an operand is `whole`.
final class Joining: MergeOperator {
  let name = "test.joining"
  let fullMerges = Atomic<Int>(0)
  let partialMerges = Atomic<Int>(0)

  func fullMerge(
    key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?, operands: MergeOperands
  ) -> [UInt8]? {
    fullMerges.wrappingAdd(1, ordering: .relaxed)
    if operands.contains(where: { text($0) == "bad" }) { return nil }
    var parts = operands.map { text($0) }
    if let existing { parts.insert("[" + text(existing) + "]", at: 0) }
    return bytes(parts.joined(separator: ","))
  }

  func partialMerge(key: UnsafeRawBufferPointer, operands: MergeOperands) -> [UInt8]? {
    partialMerges.wrappingAdd(1, ordering: .relaxed)
    if operands.contains(where: { ["whole", "bad"].contains(text($0)) }) { return nil }
    return bytes(operands.map { text($0) }.joined(separator: ","))
  }
}

/// Removes values that start with `drop`, and makes values that start with `grow` longer.
final class Gardener: CompactionFilter {
  let name = "test.gardener"
  let calls = Atomic<Int>(0)

  func decide(
    level: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) -> CompactionDecision {
    calls.wrappingAdd(1, ordering: .relaxed)
    let value = text(value)
    if value.hasPrefix("drop") { return .remove }
    if value.hasPrefix("grow") { return .replace(bytes("grown:" + value)) }
    if value.hasPrefix("clear") { return .replace([]) }
    return .keep
  }
}
