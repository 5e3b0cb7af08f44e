// Where a reader's blocks come from. A look-up asks for single keys; a join meets its entities in key order
// and moves one cursor forward over them, a step where the next entity is near, a seek where it is far.
import Aggregates
import FeatureModel
import Glibc
import Rocks

/// The family that holds the blocks, for point reads of one pinned block at a time.
struct BlockSource {
  let database: Database
  let family: ColumnFamily
  /// What RocksDB's cache holds.
  let cacheBytes: Int
  /// Asked first, by look-ups of now.
  let memory: (any BlockMemory)?
  /// Of the view's history, as the memory has to have it.
  let revision: UInt32

  borrowing func pinned(
    _ key: UnsafeRawBufferPointer, _ options: borrowing ReadOptions
  ) throws(StoreError) -> PinnedBytes? {
    do { return try database.get(key: key, in: family, options: options) } catch {
      throw .storage(error)
    }
  }
}

/// A cursor over one group of a view that is asked for entities in ascending order of their keys.
struct BlockSweep: ~Copyable {
  private var cursor: Cursor
  /// The keys between two entities, per unit of distance between their hashes.
  private let density: Double
  /// The hash of the entity asked for last.
  private var last: UInt64?

  /// A seek costs as much as this many steps: `docs/benchmarks.md`, "Steps and seeks".
  private static let stepsPerSeek = 10.0
  private static let sampled = 64
  /// With fewer keys than this for each entity asked for, nearly every stored block is read anyway: such a
  /// join leaves the cache to the look-ups.
  private static let keysPerSparseEntity = 16.0

  /// - Parameter entities: about how many will be asked for.
  init(
    _ source: BlockSource, view: ViewID, group: UInt8, snapshot: Snapshot?, entities: Int
  ) throws(StoreError) {
    let (lower, upper) = SliceKey.range(view: view, group: group)
    func cursor(fillCache: Bool) -> Cursor {
      source.database.cursor(
        in: source.family,
        options: ReadOptions(
          snapshot: snapshot, lowerBound: lower, upperBound: upper, fillCache: fillCache))
    }
    var first = cursor(fillCache: true)
    let sample = Self.sample(&first, lower)
    density = sample.density
    try StoreError.wrap { () throws(RocksError) in try first.check() }
    let keys = density * 0x1p64
    // What would push itself out of the cache leaves it alone, too.
    let touched = min(keys * sample.keyBytes, Double(entities * StoreLayout.blockBytes))
    let fills =
      keys >= Double(entities) * Self.keysPerSparseEntity && touched <= Double(source.cacheBytes)
    if fills { self.cursor = first } else { self.cursor = cursor(fillCache: false) }
  }

  /// Hashes are even, so a few keys in the middle tell of all: how many there are for a distance of 1 between
  /// hashes, and the bytes of one and its value. 0 where there are only a few.
  private static func sample(
    _ cursor: inout Cursor, _ prefix: [UInt8]
  ) -> (density: Double, keyBytes: Double) {
    cursor.seek(to: prefix + [0x80])
    guard cursor.isValid else { return (0, 0) }
    let first = hash(of: cursor.key)
    var last = first
    var bytes = 0
    for _ in 0..<sampled {
      cursor.next()
      guard cursor.isValid else { return (0, 0) }
      last = hash(of: cursor.key)
      bytes += cursor.key.count + cursor.value.count
    }
    return (Double(sampled) / Double(max(last - first, 1)), Double(bytes) / Double(sampled))
  }

  @inline(__always)
  private static func hash(of key: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(
      bigEndian: key.loadUnaligned(fromByteOffset: SliceKey.prefixLength, as: UInt64.self))
  }

  /// Moves to the first block at or behind a key.
  /// - Complexity: O(1) expected: at most a few steps, or one seek.
  mutating func move(to key: UnsafeRawBufferPointer, hash: UInt64) throws(StoreError) {
    defer { last = hash }
    guard cursor.isValid, let last, last < hash else {
      // Behind the end there is nothing more, unless the caller goes back.
      if let last, last < hash, !cursor.isValid { return try check() }
      cursor.seek(to: key)
      return try check()
    }
    let distance = Self.hash(of: cursor.key)
    let gap = hash > distance ? Double(hash - distance) * density : 0
    var stepsLeft = gap > Self.stepsPerSeek ? 0 : Int(4 * Self.stepsPerSeek)
    while cursor.isValid, Self.isBefore(cursor.key, key, hash) {
      if stepsLeft == 0 {
        cursor.seek(to: key)
        return try check()
      }
      stepsLeft -= 1
      cursor.next()
    }
    try check()
  }

  @inline(__always)
  private static func isBefore(
    _ current: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer, _ hash: UInt64
  ) -> Bool {
    let found = self.hash(of: current)
    if found != hash { return found < hash }
    let order = memcmp(
      current.baseAddress.unsafelyUnwrapped, key.baseAddress.unsafelyUnwrapped,
      min(current.count, key.count))
    return order < 0 || order == 0 && current.count < key.count
  }

  /// The block number and the bytes where the cursor stands, if that is a block of the entity of `key`; the
  /// bytes are borrowed until the next move.
  func block(of key: UnsafeRawBufferPointer) -> (number: Int64, bytes: UnsafeRawBufferPointer)? {
    guard cursor.isValid else { return nil }
    let current = cursor.key
    let shared = key.count - 4
    guard current.count == key.count,
      memcmp(
        current.baseAddress.unsafelyUnwrapped, key.baseAddress.unsafelyUnwrapped, shared) == 0
    else { return nil }
    let number = Int32(bitPattern: current.bigEndian32(at: shared) ^ 0x8000_0000)
    return (Int64(number), cursor.value)
  }

  mutating func next() throws(StoreError) {
    cursor.next()
    try check()
  }

  @inline(__always)
  private func check() throws(StoreError) {
    if cursor.isValid { return }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
  }
}
