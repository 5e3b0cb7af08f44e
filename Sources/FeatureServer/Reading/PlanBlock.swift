// The plans of a loop by the bytes of requests. Plain memory: finding a plan and its slice costs two
// comparisons and touches nothing that is counted.
import FeatureModel
import Glibc
import RESP

/// A plan as the fast path sees it.
package struct PlanEntry {
  let plan: Unmanaged<ReadPlan>
  package let number: UInt32
  let kind: UInt8
  /// Key fields of the view; a key of one is the text itself.
  let isSimpleKey: Bool
  /// Whether a kept answer goes out without anything else to be done: recorded, counted or asked.
  let isDirect: Bool
  let viewCount: Int
  let restCount: Int
  /// The view's name, and behind it the rest of the key.
  let bytes: UnsafeMutableRawPointer?
  let length: Int64
  /// The slice that was asked for last, and its half-open bounds in epoch milliseconds.
  var slice: Int64
  var sliceStart: Int64
  var sliceEnd: Int64

  init(
    _ plan: Unmanaged<ReadPlan>, bytes: UnsafeMutableRawPointer?, viewCount: Int, restCount: Int
  ) {
    let own = plan.takeUnretainedValue()
    self.plan = plan
    self.bytes = bytes
    self.viewCount = viewCount
    self.restCount = restCount
    number = own.number
    kind = PlanTable.kind(own.shape, own.version)
    isSimpleKey = own.partCount == 1
    isDirect = own.question == nil && own.watch == nil
    length = own.view.declaration.slice.milliseconds
    slice = 0
    sliceStart = 0
    sliceEnd = 0
  }

  /// The slice of an instant.
  @inline(__always)
  package mutating func slice(of time: Int64) -> Int64 {
    if time >= sliceStart, time < sliceEnd { return slice }
    let remainder = time % length
    sliceStart = time - (remainder < 0 ? remainder + length : remainder)
    sliceEnd = sliceStart + length
    slice = sliceStart / length
    return slice
  }

  @inline(__always)
  func matches(_ key: PlanKey) -> Bool {
    kind == PlanTable.kind(key.shape, key.version) && viewCount == key.view.count
      && restCount == key.rest.count
      && memcmp(bytes!, key.view.baseAddress!, viewCount) == 0
      && (restCount == 0 || memcmp(bytes! + viewCount, key.rest.baseAddress!, restCount) == 0)
  }
}

/// A bounded number of plans; full, it forgets them all, since nobody honest has so many.
package struct PlanTable: ~Copyable {
  package static let limit = 1024
  /// Bytes of requests that are held.
  private static let byteLimit = 8 << 20
  private static let slots = 4096

  private let entries: UnsafeMutablePointer<PlanEntry>
  /// Indices into `entries`, by hash; -1 where there is none.
  private let index: UnsafeMutablePointer<Int32>
  package private(set) var count = 0
  private var byteCount = 0
  /// What was found last is asked for next, mostly.
  private var latest = 0

  package init() {
    entries = .allocate(capacity: Self.limit)
    index = .allocate(capacity: Self.slots)
    index.initialize(repeating: -1, count: Self.slots)
  }

  deinit {
    for place in 0..<count { Self.destroy(entries[place]) }
    entries.deallocate()
    index.deallocate()
  }

  private static func destroy(_ entry: PlanEntry) {
    entry.plan.release()
    entry.bytes?.deallocate()
  }

  @inline(__always)
  static func kind(_ shape: AnswerShape, _ version: ProtocolVersion) -> UInt8 {
    shape.rawValue << 4 | version.rawValue
  }

  /// The plan for a request; nil where it was never asked before.
  @inline(__always)
  package mutating func find(_ key: PlanKey) -> UnsafeMutablePointer<PlanEntry>? {
    if latest < count, entries[latest].matches(key) { return entries + latest }
    return search(key)
  }

  @inline(never)
  private mutating func search(_ key: PlanKey) -> UnsafeMutablePointer<PlanEntry>? {
    var slot = Self.slot(key)
    while index[slot] >= 0 {
      let place = Int(index[slot])
      if entries[place].matches(key) {
        latest = place
        return entries + place
      }
      slot = (slot + 1) & (Self.slots - 1)
    }
    return nil
  }

  private static func slot(_ key: PlanKey) -> Int {
    let hash = EntityHash.of(key.view) ^ EntityHash.of(key.rest) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (hash &+ UInt64(kind(key.shape, key.version))) >> 20)
      & (slots - 1)
  }

  /// Adds a plan, whose requests have these bytes.
  package mutating func insert(_ key: PlanKey, _ plan: ReadPlan) -> UnsafeMutablePointer<PlanEntry>
  {
    let size = key.view.count + key.rest.count
    if count == Self.limit || byteCount + size > Self.byteLimit { removeAll() }
    byteCount += size
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, key.view.count + key.rest.count), alignment: 8)
    if let view = key.view.baseAddress { bytes.copyMemory(from: view, byteCount: key.view.count) }
    if let rest = key.rest.baseAddress {
      (bytes + key.view.count).copyMemory(from: rest, byteCount: key.rest.count)
    }
    (entries + count).initialize(
      to: PlanEntry(
        .passRetained(plan), bytes: bytes, viewCount: key.view.count, restCount: key.rest.count))
    var slot = Self.slot(key)
    while index[slot] >= 0 { slot = (slot + 1) & (Self.slots - 1) }
    index[slot] = Int32(count)
    latest = count
    count += 1
    return entries + latest
  }

  package mutating func removeAll() {
    for place in 0..<count { Self.destroy(entries[place]) }
    index.update(repeating: -1, count: Self.slots)
    count = 0
    byteCount = 0
    latest = 0
  }
}
