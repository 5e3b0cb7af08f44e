// Which blocks an entity has, newest first: a window without a beginning goes from one to the next that
// there is, instead of asking for every number since the year 1. As served, the list of a slice is settled
// like a block is: what comes later holds only what that slice's requests may not know.
import FeatureModel
import Rocks

/// The numbers of the selected entity's blocks in one group.
struct BlockList {
  /// Where a memory has an entity's list: no block of a `Timestamp` has this number.
  static let place = Int64(Int32.min)

  /// Descending.
  private var numbers: [Int64] = []
  /// The list is complete up to this number; nil before it is read.
  private var covered: Int64?

  mutating func clear() {
    numbers.removeAll(keepingCapacity: true)
    covered = nil
  }

  func covers(_ number: Int64) -> Bool { covered.map { number <= $0 } ?? false }

  /// The newest block that is no newer than `number`, which the list covers.
  /// - Complexity: O(log blocks).
  func newest(atMost number: Int64) -> Int64? {
    var low = 0
    var high = numbers.count
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] <= number { high = middle } else { low = middle + 1 }
    }
    return low < numbers.count ? numbers[low] : nil
  }

  /// Takes the numbers that a sweep has come by, oldest first, up to `last`.
  mutating func take(ascending found: [Int64], through last: Int64) {
    numbers.removeAll(keepingCapacity: true)
    numbers.append(contentsOf: found.reversed())
    covered = last
  }

  /// Reads the entity's blocks backwards from `last`, whose key is given.
  /// - Complexity: one seek, and a step for each block.
  mutating func read(
    _ source: BlockSource, _ key: UnsafeRawBufferPointer, through last: Int64, _ snapshot: Snapshot?
  ) throws(StoreError) {
    clear()
    let shared = key.count - 4
    var first = Array(key)
    for index in shared..<key.count { first[index] = 0 }
    var cursor = source.database.cursor(
      in: source.family, options: ReadOptions(snapshot: snapshot, lowerBound: first))
    cursor.seekForPrevious(to: key)
    while cursor.isValid {
      let found = cursor.key
      // Another entity's key may lie between, if its hash is the same.
      if found.count == key.count, found.prefix(shared).elementsEqual(key.prefix(shared)) {
        let number = Int32(bitPattern: found.bigEndian32(at: shared) ^ 0x8000_0000)
        numbers.append(Int64(number))
      }
      cursor.previous()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    covered = last
  }

  /// Takes what `withBytes` lent before.
  mutating func take(_ bytes: UnsafeRawBufferPointer, through last: Int64) {
    clear()
    for place in stride(from: 0, to: bytes.count, by: 8) {
      numbers.append(bytes.loadUnaligned(fromByteOffset: place, as: Int64.self))
    }
    covered = last
  }

  /// The list for a memory; empty where there are no blocks.
  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { numbers.withUnsafeBytes(body) }
}
