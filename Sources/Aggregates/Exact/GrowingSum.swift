// An exact sum of terms of any size, for powers of doubles that `ExactSum` has no room for: two's complement in
// as many limbs as the terms so far span. Third and fourth powers of doubles span at most 132 limbs, those of
// small whole numbers one or two.

/// A sum that grows to hold its terms; its array is copied on write, so copies never share state.
struct GrowingSum: Sendable {
  /// Little-endian, two's complement; the last is all zeros or all ones, so that a carry has room.
  private var limbs: [UInt64] = []
  /// The value is limbs · 2^(64 · lowest).
  private var lowest = 0

  /// Back to zero; keeps the memory.
  mutating func reset() {
    limbs.removeAll(keepingCapacity: true)
    lowest = 0
  }

  /// Adds an exact number.
  mutating func add(_ number: ExactNumber) {
    number.limbs.withUnsafeBufferPointer {
      add(magnitude: $0, exponent: number.exponent, negative: number.negative)
    }
  }

  /// Adds another sum.
  mutating func add(_ other: GrowingSum) { add(other.number) }

  /// Adds ± magnitude · 2^exponent; the magnitude's limbs are little-endian.
  mutating func add(
    magnitude: UnsafeBufferPointer<UInt64>, exponent: Int, negative: Bool
  ) {
    guard let last = magnitude.lastIndex(where: { $0 != 0 }) else { return }
    let start = exponent >> 6
    let shift = UInt64(exponent & 63)
    makeRoom(from: start, to: start + last + 3)
    var index = start - lowest
    var below: UInt64 = 0
    var carry = false
    for place in 0...last + 1 {
      let limb = place <= last ? magnitude[place] : 0
      let term = shift == 0 ? limb : limb << shift | below >> (64 - shift)
      below = limb
      (limbs[index], carry) = Self.step(limbs[index], term, carry, negative)
      index += 1
    }
    while carry, index < limbs.count {
      (limbs[index], carry) = Self.step(limbs[index], 0, true, negative)
      index += 1
    }
    let top = limbs[limbs.count - 1]
    if top != 0, top != .max { limbs.append(top >> 63 == 1 ? .max : 0) }
  }

  /// The canonical form.
  var number: ExactNumber {
    guard let top = limbs.last else { return ExactNumber(0) }
    let negative = top >> 63 == 1
    var magnitude = limbs
    if negative {
      var carry = true
      for index in magnitude.indices {
        (magnitude[index], carry) = Self.step(~magnitude[index], 0, carry, false)
      }
    }
    return ExactNumber(negative: negative, limbs: magnitude, exponent: 64 * lowest)
  }

  /// Has limbs from `start` up to, not including, `end`.
  private mutating func makeRoom(from start: Int, to end: Int) {
    if limbs.isEmpty { lowest = start }
    if start < lowest {
      limbs.insert(contentsOf: repeatElement(0, count: lowest - start), at: 0)
      lowest = start
    }
    let sign: UInt64 = (limbs.last ?? 0) >> 63 == 1 ? .max : 0
    while lowest + limbs.count < end { limbs.append(sign) }
  }

  @inline(__always)
  private static func step(
    _ left: UInt64, _ right: UInt64, _ carry: Bool, _ subtracting: Bool
  ) -> (UInt64, Bool) {
    if subtracting {
      let (first, overflow) = left.subtractingReportingOverflow(right)
      let (second, again) = first.subtractingReportingOverflow(carry ? 1 : 0)
      return (second, overflow || again)
    }
    let (first, overflow) = left.addingReportingOverflow(right)
    let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
    return (second, overflow || again)
  }
}
