// An instant as whole milliseconds since 1970-01-01T00:00:00Z. The proleptic Gregorian calendar, UTC,
// no leap seconds; text goes in as ISO 8601 or epoch milliseconds and comes out as ISO 8601.

/// An instant in UTC, in milliseconds since the epoch; years 0001 to 9999.
public struct Timestamp: Hashable, Comparable, Sendable {
  public let milliseconds: Int64

  /// The first instant that can be stored: 0001-01-01T00:00:00.000Z.
  public static let earliest = Timestamp(unchecked: -62_135_596_800_000)
  /// The first instant that can no longer be stored: 10000-01-01T00:00:00.000Z.
  public static let limit = Timestamp(unchecked: 253_402_300_800_000)

  /// Nil outside `earliest ..< limit`.
  public init?(milliseconds: Int64) {
    guard milliseconds >= Self.earliest.milliseconds, milliseconds < Self.limit.milliseconds else {
      return nil
    }
    self.milliseconds = milliseconds
  }

  /// The caller knows that the value is in range, or is one of its two ends.
  package init(unchecked milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: CustomStringConvertible {
  /// ISO 8601 with milliseconds only where there are any: `2026-11-22T13:17:02Z`.
  public var description: String {
    let millisecond = Self.remainder(milliseconds, 1000)
    let seconds = (milliseconds - millisecond) / 1000
    let secondOfDay = Self.remainder(seconds, 86_400)
    let (year, month, day) = CivilDate.fromDays((seconds - secondOfDay) / 86_400)
    let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    let hour = Self.padded(secondOfDay / 3600, 2)
    let time =
      "\(hour):\(Self.padded(secondOfDay / 60 % 60, 2)):\(Self.padded(secondOfDay % 60, 2))"
    return "\(date)T\(time)" + (millisecond == 0 ? "Z" : ".\(Self.padded(millisecond, 3))Z")
  }

  private static func remainder(_ value: Int64, _ modulus: Int64) -> Int64 {
    let rest = value % modulus
    return rest < 0 ? rest + modulus : rest
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
