// Text to an instant: epoch milliseconds or ISO 8601, on bytes, without allocation. Strict: what is
// not wholly understood is refused, because a misread time puts an event into the wrong slice
// unseen.

extension Timestamp {
  /// Reads one of
  /// - epoch milliseconds: decimal digits with an optional sign;
  /// - `2026-11-22`, its first instant;
  /// - `2026-11-22T13:17`, `...:02`, `...:02.123456789`, with `T` or one space, then nothing (UTC), `Z`,
  ///   `+02`, `+0200` or `+02:00`.
  ///
  /// Digits beyond the millisecond are cut off, which is towards the past. Years are 0001 to 9999; 24:00
  /// and leap seconds (`:60`) are refused. Nil for everything else, also for blanks around the text.
  public init?(parsing bytes: UnsafeRawBufferPointer) {
    if bytes.count > 4, bytes[4] == UInt8(ascii: "-") {
      var parser = TimestampParser(bytes)
      guard let milliseconds = parser.parse() else { return nil }
      self.init(milliseconds: milliseconds)
    } else {
      guard let milliseconds = NumberParser.parseInt64(bytes) else { return nil }
      self.init(milliseconds: milliseconds)
    }
  }

  /// As on bytes.
  public init?(parsing text: String) {
    var text = text
    guard let value = text.withUTF8({ Timestamp(parsing: UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = value
  }
}

/// ISO 8601 from left to right.
private struct TimestampParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Milliseconds since the epoch; may lie outside of what a timestamp holds.
  mutating func parse() -> Int64? {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2),
      let days = CivilDate.toDays(year: year, month: month, day: day), year >= 1
    else { return nil }
    if position == bytes.count { return days * 86_400_000 }
    guard take("T") || take(" "), let time = timeOfDay(), let zone = zoneOffset(),
      position == bytes.count
    else { return nil }
    return days * 86_400_000 + time - zone
  }

  private mutating func timeOfDay() -> Int64? {
    guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60 else {
      return nil
    }
    let minutes = (hour * 60 + minute) * 60_000
    guard take(":") else { return minutes }
    guard let second = digits(2), second < 60 else { return nil }
    guard take(".") else { return minutes + second * 1000 }
    guard let fraction = fraction() else { return nil }
    return minutes + second * 1000 + fraction
  }

  /// One to nine digits, of which three count.
  private mutating func fraction() -> Int64? {
    var milliseconds: Int64 = 0
    var count = 0
    while let digit = digit() {
      if count < 3 { milliseconds = milliseconds * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    return count == 1 ? milliseconds * 100 : count == 2 ? milliseconds * 10 : milliseconds
  }

  /// Milliseconds east of UTC.
  private mutating func zoneOffset() -> Int64? {
    if position == bytes.count || take("Z") { return 0 }
    let west = take("-")
    guard west || take("+"), let hour = digits(2), hour < 24 else { return nil }
    var minutes = hour * 60
    if position < bytes.count {
      _ = take(":")
      guard let minute = digits(2), minute < 60 else { return nil }
      minutes += minute
    }
    return (west ? -minutes : minutes) * 60_000
  }

  private mutating func digits(_ count: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<count {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  private mutating func digit() -> Int64? {
    guard position < bytes.count else { return nil }
    let digit = bytes[position] &- UInt8(ascii: "0")
    guard digit < 10 else { return nil }
    position += 1
    return Int64(digit)
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }
}
