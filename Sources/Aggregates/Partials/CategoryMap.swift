// Codes 40 to 43: a value for each category of events, exact for all categories up to a limit; beyond it,
// for the `limit` categories that come first in a fixed order of hashes, which is a sample of all, drawn
// without a die.
//
// Why any order and any split of the events end in the same map. Categories have a total order: by the hash
// of their text, then by its bytes. Let S be the categories of all events, and K the first `limit` of them.
// 1. A map drops a category only while it holds `limit` others that come before it. These are in S, so what
//    is dropped is not in K: no category of K is ever dropped, by any map of any part of the events.
// 2. A map holds at most `limit` categories, all of S, and all of K that its events have; so the map of all
//    events holds exactly K.
// 3. The value of a category of K takes in all of the category's events, each once, since no map on the way
//    has forgotten any; and the values are commutative monoids in their bits.
// 4. Whether any category was dropped is whether S has more than `limit`: if it has, the last map cannot
//    hold all of them; if not, no map ever has more than `limit` to choose from. So the mark is a function
//    of S, too.

/// The first categories by hash, and the value of each.
public struct CategoryMap<Value: CategoryValue>: Partial {
  public var code: UInt8 { Value.code }

  /// A category and its value.
  struct Member: Equatable, Sendable {
    let hash: UInt64
    let text: [UInt8]
    var value: Value
  }

  /// Nil for a map that takes that of the first column or map it is given.
  private(set) var limit: Int?
  /// In the order of categories.
  private(set) var members: [Member] = []
  /// Whether there are more categories than the limit.
  private(set) var isSample = false
  private let neutral: Value

  /// The empty map.
  public init(limit: Int, _ neutral: Value) {
    precondition(limit > 0)
    self.limit = limit
    self.neutral = neutral
  }

  /// An empty map that takes its limit from the first map or column it is given; not for events.
  public init() { neutral = Value() }

  /// Forgets the categories; keeps the limit.
  public mutating func reset() {
    members.removeAll(keepingCapacity: true)
    isSample = false
  }

  public mutating func absorb(category: UnsafeRawBufferPointer, word: UInt64) {
    precondition(limit != nil, "a map without a limit takes in columns, not events")
    guard let place = place(for: category, hash: DistinctSet.hash(text: category)) else { return }
    members[place].value.absorb(word: word)
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.limit else { return }
    precondition(adopt(theirs), "maps of one column have one limit")
    for member in other.members {
      let found = member.text.withUnsafeBytes { place(for: $0, hash: member.hash) }
      if let found { members[found].value.merge(member.value) }
    }
    if other.isSample { isSample = true }
  }

  /// Takes the limit over where it has none; false where they differ.
  mutating func adopt(_ theirs: Int) -> Bool {
    if limit == nil { limit = theirs }
    return limit == theirs
  }

  /// Merges a stored value into that of a category.
  mutating func merge(_ value: Value, into category: UnsafeRawBufferPointer) {
    guard let place = place(for: category, hash: DistinctSet.hash(text: category)) else { return }
    members[place].value.merge(value)
  }

  mutating func markSample() { isSample = true }

  /// Puts another value in the place of each.
  mutating func changeValues(_ change: (inout Value) -> Void) {
    for index in members.indices { change(&members[index].value) }
  }

  /// Where a category stands, which is put in where it is missing; nil where it comes too late in the order.
  private mutating func place(for text: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if Self.precedes(members[middle], hash, text) { low = middle + 1 } else { high = middle }
    }
    if low < members.count, members[low].hash == hash, members[low].text.elementsEqual(text) {
      return low
    }
    let limit = limit ?? .max
    if members.count == limit {
      isSample = true
      if low == limit { return nil }
      members.removeLast()
    }
    members.insert(Member(hash: hash, text: Array(text), value: neutral), at: low)
    return low
  }

  private static func precedes(
    _ member: Member, _ hash: UInt64, _ text: UnsafeRawBufferPointer
  ) -> Bool {
    member.hash != hash
      ? member.hash < hash : member.text.lexicographicallyPrecedes(text)
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.isSample == right.isSample && left.members == right.members
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try CategoryColumn.fold(column, rows: rows, entries: entries, into: &self)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    CategoryColumn.encode(entries, into: &bytes)
  }
}
