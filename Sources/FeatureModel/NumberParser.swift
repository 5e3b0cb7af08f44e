// Decimal text to numbers, on bytes, without allocation: what CSV cells and JSON tokens go through.
// Doubles of up to 19 digits whose digits fit 2^53 and whose power of ten is exact need one
// multiplication or division (Clinger 1990); all others go to the C library, which rounds
// correctly.
import Glibc

public enum NumberParser {
  /// An optional sign and decimal digits, nothing else; nil where it does not fit an Int64.
  @inlinable
  public static func parseInt64(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard let first = bytes.first else { return nil }
    let negative = first == UInt8(ascii: "-")
    var position = negative || first == UInt8(ascii: "+") ? 1 : 0
    let digits = bytes.count - position
    guard digits > 0 else { return nil }
    if digits > 18 { return parseLong(bytes, from: position, negative: negative) }
    var value: Int64 = 0
    while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
      position += 1
    }
    return negative ? -value : value
  }

  /// Digits that may not fit: 19 and more.
  @usableFromInline
  static func parseLong(
    _ bytes: UnsafeRawBufferPointer, from start: Int, negative: Bool
  ) -> Int64? {
    // Counting downwards reaches Int64.min, which has no positive counterpart.
    var value: Int64 = 0
    for byte in bytes[start...] {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.subtractingReportingOverflow(Int64(digit))
      if overflow || overflow2 { return nil }
      value = sum
    }
    if negative { return value }
    return value == .min ? nil : -value
  }

  /// An optional sign, digits with at most one point, an optional exponent; the nearest double. Nil
  /// for anything else: blanks, hexadecimal, `nan`, `inf`, and numbers too large for a finite
  /// double.
  public static func parseDouble(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard let parts = decompose(bytes) else { return nil }
    if parts.exact, parts.digits <= 1 << 53, abs(parts.exponent) <= 22 {
      let magnitude = Double(parts.digits)
      let power = powers[abs(parts.exponent)]
      let value = parts.exponent < 0 ? magnitude / power : magnitude * power
      return parts.negative ? -value : value
    }
    return parseSlowly(bytes)
  }

  /// The number is `digits` times ten to the `exponent` where `exact`.
  private struct Parts {
    var negative = false
    var digits: UInt64 = 0
    var exponent = 0
    var exact = true
  }

  private static func decompose(_ bytes: UnsafeRawBufferPointer) -> Parts? {
    var parts = Parts()
    var position = 0
    if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      parts.negative = first == UInt8(ascii: "-")
      position = 1
    }
    var count = 0
    var pointAt = -1
    scan: while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      if digit < 10 {
        // 10^18 times ten and nine more still fit the 64 bits.
        if parts.digits < 1_000_000_000_000_000_000 {
          parts.digits = parts.digits * 10 + UInt64(digit)
        } else {
          parts.exact = false
        }
        count += 1
      } else if bytes[position] == UInt8(ascii: "."), pointAt < 0 {
        pointAt = count
      } else {
        break scan
      }
      position += 1
    }
    guard count > 0 else { return nil }
    if position < bytes.count {
      guard let exponent = decomposeExponent(bytes, from: position) else { return nil }
      parts.exponent = exponent
    }
    if pointAt >= 0 { parts.exponent -= count - pointAt }
    return parts
  }

  /// The exponent from its `e` to the end, held within 100,000, which no finite double reaches.
  private static func decomposeExponent(
    _ bytes: UnsafeRawBufferPointer, from start: Int
  ) -> Int? {
    guard bytes[start] | 0x20 == UInt8(ascii: "e") else { return nil }
    var position = start + 1
    var negative = false
    if position < bytes.count,
      bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+")
    {
      negative = bytes[position] == UInt8(ascii: "-")
      position += 1
    }
    guard position < bytes.count else { return nil }
    var exponent = 0
    while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      exponent = min(exponent * 10 + Int(digit), 100_000)
      position += 1
    }
    return negative ? -exponent : exponent
  }

  /// `bytes` has the right form; only its value is open.
  private static func parseSlowly(_ bytes: UnsafeRawBufferPointer) -> Double? {
    let value = withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { copy in
      UnsafeMutableRawBufferPointer(copy).copyMemory(from: bytes)
      copy[bytes.count] = 0
      let previous = uselocale(locale)
      defer { uselocale(previous) }
      return strtod(copy.baseAddress!, nil)
    }
    return value.isFinite ? value : nil
  }

  // The process's own locale may have a decimal comma, so the thread borrows this one for the call.
  // Made once, never freed, never changed.
  nonisolated(unsafe) private static let locale: locale_t = newlocale(1 << LC_NUMERIC, "C", nil)!

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
