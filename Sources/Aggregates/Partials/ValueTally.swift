// Codes 17 and 18: how often each value of a field occurs: exactly, for up to a declared number of distinct
// values. Where there are more, those with the least hashes are kept: a sample of the distinct values that is a
// function of their set (KMV), each with its exact count, because a value that stays among the least was among
// them from its first event on. Beside them stands the number of all events.
import FeatureModel

/// Values and how often each occurs.
public struct ValueTally<Element: TalliedValue>: Partial {
  static var limits: ClosedRange<Int> { 1...4096 }

  public var code: UInt8 { Element.columnCode }

  struct Item: Equatable, Sendable {
    let hash: UInt64
    let value: Element
    var count: Int64

    @inline(__always)
    func compare(_ otherHash: UInt64, _ key: Element.Key) -> Int {
      hash != otherHash ? (hash < otherHash ? -1 : 1) : value.compare(key)
    }
  }

  /// How many distinct values are kept; nil for a tally that takes that of the first column that it folds.
  private(set) var limit: Int?
  /// Ascending by hash and value.
  private(set) var items: [Item] = []
  /// Values in all, kept or not.
  private(set) var total: Int64 = 0
  /// True where -0.0 counts as 0.0; no part of the value.
  private let isDouble: Bool

  /// No values yet.
  public init(limit: Int, ofDoubles isDouble: Bool = false) {
    precondition(Self.limits.contains(limit))
    self.limit = limit
    self.isDouble = isDouble
  }

  /// Can merge and fold, but not absorb; takes its limit from what it is given first.
  public init() { isDouble = false }

  /// Forgets the values; keeps the limit.
  public mutating func reset() {
    items.removeAll(keepingCapacity: true)
    total = 0
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.limit else { return }
    precondition(adopt(theirs), "tallies of one column have one limit")
    addTotal(other.total)
    for item in other.items { item.value.withKey { add($0, item.hash, item.count) } }
  }

  public mutating func absorb(word: UInt64, time: Int64) {
    count(Element.key(word: isDouble && word == 1 << 63 ? 0 : word))
  }

  public mutating func absorb(text: UnsafeRawBufferPointer, time: Int64) {
    count(Element.key(text: text))
  }

  private mutating func count(_ key: Element.Key?) {
    guard let key else { preconditionFailure("a tally takes words or texts, never both") }
    addTotal(1)
    add(key, Element.hash(key), 1)
  }

  /// Takes the limit over where there is none; false where they differ.
  mutating func adopt(_ theirs: Int) -> Bool {
    if limit == nil { limit = theirs }
    return limit == theirs
  }

  mutating func addTotal(_ more: Int64) { total = total.addingSaturated(to: more) }

  /// Counts a value without the total.
  mutating func add(_ key: Element.Key, _ hash: UInt64, _ count: Int64) {
    guard let limit else { preconditionFailure("a tally without a limit takes in columns") }
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      let order = items[middle].compare(hash, key)
      if order == 0 {
        items[middle].count = items[middle].count.addingSaturated(to: count)
        return
      }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    guard low < limit else { return }
    if items.count == limit { items.removeLast() }
    items.insert(Item(hash: hash, value: Element(key), count: count), at: low)
  }

  /// Values that are not among the kept ones; 0 while all counts are known.
  var others: Int64 { total - items.reduce(0) { $0.addingSaturated(to: $1.count) } }

  public static func == (left: Self, right: Self) -> Bool {
    left.total == right.total && left.items == right.items
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try TallyColumn.fold(column, rows: rows, entries: entries, into: &self)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    TallyColumn.encode(entries, into: &bytes)
  }
}
