// What the tests of this folder share: a seeded generator, events, guarded bytes and the codec both ways.
import Aggregates
import Glibc

/// SplitMix64: the same numbers for the same seed on every machine.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// What a partial absorbs.
struct Event {
  var word: UInt64 = 0
  var time: Int64 = 0
  var text: [UInt8]?
  var category: [UInt8]?
}

extension Partial {
  mutating func absorb(_ event: Event) {
    if let category = event.category {
      category.withUnsafeBytes { absorb(category: $0, word: event.word) }
    } else if let text = event.text {
      text.withUnsafeBytes { absorb(text: $0, time: event.time) }
    } else {
      absorb(word: event.word, time: event.time)
    }
  }

  mutating func absorb(_ events: some Sequence<Event>) {
    for event in events { absorb(event) }
  }

  func absorbing(_ events: some Sequence<Event>) -> Self {
    var copy = self
    copy.absorb(events)
    return copy
  }

  func merging(_ other: Self) -> Self {
    var copy = self
    copy.merge(other)
    return copy
  }

  func folding(_ column: [UInt8], rows: Int, _ entries: Range<Int>) throws -> Self {
    try withGuardedBytes(column) { bytes in
      var copy = self
      try copy.fold(bytes, rows: rows, entries: entries)
      return copy
    }
  }

  static func encoded(_ entries: [Self]) -> [UInt8] {
    var bytes: [UInt8] = []
    encode(entries, into: &bytes)
    return bytes
  }
}

/// Calls `body` with a copy that ends where an unreadable page begins: a read beyond the end is a crash.
func withGuardedBytes<Result>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
  let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  let readable = (bytes.count + page - 1) / page * page
  let mapping = mmap(
    nil, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
  precondition(mapping != MAP_FAILED, "no memory to map")
  defer { munmap(mapping, readable + page) }
  precondition(mprotect(mapping + readable, page, PROT_NONE) == 0, "no guard page")
  let start = mapping + readable - bytes.count
  bytes.withUnsafeBytes {
    if $0.count > 0 { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }
  return try body(UnsafeRawBufferPointer(start: start, count: bytes.count))
}

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func doubles(_ bits: [UInt64]) -> [Double] { bits.map { Double(bitPattern: $0) } }

/// A finite double of any kind that has ever broken a sum.
func hostileDouble(_ random: inout Seeded) -> Double {
  switch Int.random(in: 0..<10, using: &random) {
  case 0: return Double(bitPattern: random.next() >> 13)  // subnormals and the smallest normals
  case 1:
    return [0.0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude].randomElement(
      using: &random)!
  case 2: return [1, -1].randomElement(using: &random)! * Double.greatestFiniteMagnitude
  case 3: return Double.random(in: -1e300...1e300, using: &random)
  case 4: return Double.random(in: -1e-300...1e-300, using: &random)
  case 5: return Double(Int64(truncatingIfNeeded: random.next()))
  case 6: return Double(Int.random(in: -9...9, using: &random))
  case 7: return [1e16, -1e16, 1, -1, 0.1, -0.1].randomElement(using: &random)!
  default:
    let value = Double(bitPattern: random.next())
    return value.isFinite ? value : 1
  }
}
