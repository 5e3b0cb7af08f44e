// Ids of events that come in over XADD: milliseconds and a number, as Redis writes them. They order what one
// producer sends, so that a resend is recognised; they are no times of the contract.
import FeatureModel

/// `1526919030474-55`.
package struct EventID: Hashable, Comparable, Sendable {
  package let milliseconds: UInt64
  package let sequence: UInt64

  package static let zero = EventID(milliseconds: 0, sequence: 0)

  package init(milliseconds: UInt64, sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.milliseconds == right.milliseconds
      ? left.sequence < right.sequence : left.milliseconds < right.milliseconds
  }

  /// The next one up; nil behind the last.
  package var next: EventID? {
    if sequence < .max { return EventID(milliseconds: milliseconds, sequence: sequence + 1) }
    return milliseconds < .max ? EventID(milliseconds: milliseconds + 1, sequence: 0) : nil
  }
}

extension EventID: CustomStringConvertible {
  package var description: String { "\(milliseconds)-\(sequence)" }
}

/// An id as it is asked for.
package enum RequestedID: Equatable, Sendable {
  case exact(EventID)
  /// `*`: above the last, by the clock.
  case next
  /// `1526919030474-*`
  case nextOf(milliseconds: UInt64)

  package init?(_ text: UnsafeRawBufferPointer) {
    if text.count == 1, text[0] == UInt8(ascii: "*") {
      self = .next
      return
    }
    let dash = text.firstIndex(of: UInt8(ascii: "-"))
    guard let milliseconds = Self.number(text[..<(dash ?? text.count)]) else { return nil }
    guard let dash else {
      self = .exact(EventID(milliseconds: milliseconds, sequence: 0))
      return
    }
    let rest = text[(dash + 1)...]
    if rest.count == 1, rest.first == UInt8(ascii: "*") {
      self = .nextOf(milliseconds: milliseconds)
      return
    }
    guard let sequence = Self.number(rest) else { return nil }
    self = .exact(EventID(milliseconds: milliseconds, sequence: sequence))
  }

  private static func number(_ digits: Swift.Slice<UnsafeRawBufferPointer>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 20 else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      let digit = UInt64(byte) &- 0x30
      guard digit < 10 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }
}

/// How far a producer has come: its last id, and how many of its events were taken in. Stored with the events
/// it covers, as the position of the source `xadd:PRODUCER`.
package struct ProducerMark: Hashable, Sendable {
  package var last = EventID.zero
  package var count: UInt64 = 0

  package init() {}

  package static func source(_ producer: String) -> String { "xadd:" + producer }

  /// The producer behind the name of a source; nil for files and tables.
  package static func producer(_ source: String) -> String? {
    source.hasPrefix("xadd:") ? String(source.dropFirst(5)) : nil
  }

  /// Three big-endian words: milliseconds, sequence, count.
  package init?(position: [UInt8]) {
    guard position.count == 24 else { return nil }
    let words = stride(from: 0, to: 24, by: 8).map { start in
      position[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    last = EventID(milliseconds: words[0], sequence: words[1])
    count = words[2]
  }

  package var position: [UInt8] {
    [last.milliseconds, last.sequence, count].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }
}
