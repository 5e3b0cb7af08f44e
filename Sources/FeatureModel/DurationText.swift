// Lengths of time as people declare them, `30d`, and back. Only units whose length never changes:
// no months, no years.

/// Text like `30d`, `1h`, `15m`, `2w` to and from milliseconds.
public enum DurationText {
  /// A whole number from 1 to 999,999,999 without leading zeros, then `m` (minutes), `h`, `d` or
  /// `w`; nil for all else.
  public static func milliseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard (2...10).contains(bytes.count), let unit = unit(bytes[bytes.count - 1]),
      (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(bytes[0]),
      let count = bytes.dropLast().withUnsafeBytes({ NumberParser.parseInt64($0) })
    else { return nil }
    return count * unit
  }

  /// The one text for a whole number of minutes: the largest of d, h and m that divides it.
  public static func text(_ milliseconds: Int64) -> String {
    if milliseconds % 86_400_000 == 0 { return "\(milliseconds / 86_400_000)d" }
    if milliseconds % 3_600_000 == 0 { return "\(milliseconds / 3_600_000)h" }
    return "\(milliseconds / 60_000)m"
  }

  private static func unit(_ letter: UInt8) -> Int64? {
    switch letter {
    case UInt8(ascii: "m"): 60_000
    case UInt8(ascii: "h"): 3_600_000
    case UInt8(ascii: "d"): 86_400_000
    case UInt8(ascii: "w"): 7 * 86_400_000
    default: nil
    }
  }
}
