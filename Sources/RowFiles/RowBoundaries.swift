// Finding where rows end without parsing them, which is all that the one reading thread does besides
// reading. A quotation mark opens a quoted cell only as the first byte of a cell; inside, two of them
// stand for one. `CSVParser` reads by the same rule, so that both always agree on where a row ends.
import Glibc

/// Scans a growing buffer for line ends that end rows.
struct RowBoundaries {
  private enum State { case outside, inside }

  private let format: RowFormat
  private var state = State.outside
  /// Bytes that need not be looked at again.
  private var scanned = 0
  /// Behind the last line end that ends a row; 0 where there is none.
  private(set) var lastEnd = 0

  init(format: RowFormat) { self.format = format }

  /// Looks at what was added to `bytes`, which begins at a row's start. `atEnd`: nothing will be added.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, atEnd: Bool) {
    guard format == .csv else {
      noteLastNewline(bytes, from: scanned, to: bytes.count)
      scanned = bytes.count
      return
    }
    while scanned < bytes.count {
      let quote = Self.find(0x22, bytes, from: scanned) ?? bytes.count
      switch state {
      case .outside:
        noteLastNewline(bytes, from: scanned, to: quote)
        if quote < bytes.count, Self.startsCell(bytes, at: quote) { state = .inside }
        scanned = min(quote + 1, bytes.count)
      case .inside:
        // The byte behind the mark says whether it closes; wait for it.
        if quote + 1 >= bytes.count && !atEnd {
          scanned = quote
          return
        }
        let doubled = quote + 1 < bytes.count && bytes[quote + 1] == 0x22
        if quote < bytes.count && !doubled { state = .outside }
        scanned = min(quote + (doubled ? 2 : 1), bytes.count)
      }
    }
  }

  /// The first `count` bytes, up to a row's end, have been taken away.
  mutating func removeFirst(_ count: Int) {
    scanned -= count
    lastEnd = max(0, lastEnd - count)
  }

  private mutating func noteLastNewline(
    _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) {
    var position = end
    while position > start {
      position -= 1
      if bytes[position] == 0x0A {
        lastEnd = position + 1
        return
      }
    }
  }

  static func find(_ byte: Int32, _ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, start < bytes.count else { return nil }
    return memchr(base + start, byte, bytes.count - start).map { UnsafeRawPointer($0) - base }
  }

  private static func startsCell(_ bytes: UnsafeRawBufferPointer, at quote: Int) -> Bool {
    quote == 0 || bytes[quote - 1] == UInt8(ascii: ",") || bytes[quote - 1] == 0x0A
  }

  /// How many newlines there are; eight bytes per step.
  static func countNewlines(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    let newlines: UInt64 = 0x0A0A_0A0A_0A0A_0A0A
    let lows: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    var total = 0
    var position = 0
    while position &+ 8 <= bytes.count {
      let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ newlines
      // Without borrows between bytes: the high bit of each byte that is not zero.
      let others = ((word & lows) &+ lows) | word | lows
      total &+= (~others).nonzeroBitCount
      position &+= 8
    }
    while position < bytes.count {
      if base.load(fromByteOffset: position, as: UInt8.self) == 0x0A { total &+= 1 }
      position &+= 1
    }
    return total
  }
}
