// Code 16: how many values lie in each of some numbered buckets, for histograms and quantiles. Where more
// buckets are occupied than a declared limit, neighbours are joined two by two, as often as it takes
// (UDDSketch). How often follows from the set of occupied buckets alone, so any order of the same values
// ends in the same bytes.

/// Values counted by bucket; a sketch of their distribution.
public struct BucketCounts: Partial {
  static let columnCode: UInt8 = 16
  static let limits = 8...65_536
  /// Buckets are numbered below ±2^32 (`BucketScheme`), so after so many joins five at most are left.
  static let levels = 0...32

  public var code: UInt8 { Self.columnCode }

  /// A bucket's number and how many values lie in it.
  struct Bucket: Equatable, Sendable {
    var key: Int64
    var count: Int64
  }

  /// The most buckets that may be occupied; nil for counts that take that of the first column they fold.
  private(set) var limit: Int?
  /// How often neighbours were joined.
  private(set) var level = 0
  /// Ascending.
  private(set) var buckets: [Bucket] = []
  /// Not yet among `buckets`, in any order, perhaps repeated; at the same level.
  private var pending: [Bucket] = []
  /// From words to buckets; no part of the value.
  private let scheme: BucketScheme?

  /// No values yet.
  public init(_ scheme: BucketScheme, limit: Int) {
    precondition(Self.limits.contains(limit))
    self.scheme = scheme
    self.limit = limit
  }

  /// Can merge and fold, but not absorb; takes its limit from what it is given first.
  public init() { scheme = nil }

  /// Forgets the values; keeps the limit.
  public mutating func reset() {
    level = 0
    buckets.removeAll(keepingCapacity: true)
    pending.removeAll(keepingCapacity: true)
  }

  public mutating func absorb(word: UInt64, time: Int64) {
    guard let scheme else { preconditionFailure("counts without a scheme take in columns") }
    add(Bucket(key: Self.joined(scheme.key(word), level), count: 1))
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.limit else { return }
    precondition(adopt(theirs), "counts of one column have one limit")
    let other = other.settled
    rise(to: other.level)
    for bucket in other.buckets { add(bucket, from: other.level) }
  }

  /// Takes the limit over where there is none; false where they differ.
  mutating func adopt(_ theirs: Int) -> Bool {
    if limit == nil { limit = theirs }
    return limit == theirs
  }

  /// Adds a bucket of a level that is not above the own.
  @inline(__always)
  mutating func add(_ bucket: Bucket, from below: Int) {
    add(Bucket(key: Self.joined(bucket.key, level - below), count: bucket.count))
  }

  @inline(__always)
  private mutating func add(_ bucket: Bucket) {
    pending.append(bucket)
    if pending.count >= max(64, buckets.count) { settle() }
  }

  /// The number of the bucket that one becomes after some joins: the sign stays, and zero stays alone.
  @inline(__always)
  static func joined(_ key: Int64, _ times: Int) -> Int64 {
    key >= 0 ? key >> Int64(times) : -(-key >> Int64(times))
  }

  /// Joins neighbours up to a level.
  mutating func rise(to wanted: Int) {
    guard wanted > level else { return }
    let times = wanted - level
    pending += buckets
    for index in pending.indices { pending[index].key = Self.joined(pending[index].key, times) }
    buckets.removeAll(keepingCapacity: true)
    level = wanted
    settle()
  }

  /// Sorts in what is pending, and joins neighbours while too many buckets are occupied.
  mutating func settle() {
    guard !pending.isEmpty else { return }
    pending.append(contentsOf: buckets)
    pending.sort { $0.key < $1.key }
    buckets.removeAll(keepingCapacity: true)
    for bucket in pending {
      if let last = buckets.last, last.key == bucket.key {
        buckets[buckets.count - 1].count = last.count.addingSaturated(to: bucket.count)
      } else {
        buckets.append(bucket)
      }
    }
    pending.removeAll(keepingCapacity: true)
    if let limit, buckets.count > limit, level < Self.levels.upperBound { rise(to: level + 1) }
  }

  /// The same counts with nothing pending: their canonical form.
  var settled: BucketCounts {
    if pending.isEmpty { return self }
    var copy = self
    copy.settle()
    return copy
  }

  public static func == (left: Self, right: Self) -> Bool {
    let (one, other) = (left.settled, right.settled)
    return one.level == other.level && one.buckets == other.buckets
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try BucketColumn.fold(column, rows: rows, entries: entries, into: &self)
    settle()
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    BucketColumn.encode(entries, into: &bytes)
  }
}
