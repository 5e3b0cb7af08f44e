// The functions of formulas over texts, on the bytes of their UTF-8 where they lie. Letters are changed in
// ASCII only, so that no version of Unicode plays a part; lengths and places count Unicode scalars.
import Glibc

enum FormulaTexts {
  /// What `concat` and `replace` make is no longer than this, whatever it is made of; what would be is null.
  static let longest = 1 << 20

  /// The bytes that they make at most of texts of an event that have so many together, each counted once. It is
  /// a multiple of what came in, so that a formula that doubles a text many times over does not make a store of
  /// terabytes of a small file.
  static func limit(ofSources bytes: Int) -> Int { min(longest, max(short, 4 * bytes)) }

  /// Which may be made of nothing.
  private static let short = 1 << 10

  @inline(__always)
  static func with<Result>(
    _ column: EventColumn, _ row: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    column.text.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[column.textRange(row)]))
    }
  }

  /// Negative, zero or positive, by the bytes.
  static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = min(left.count, right.count)
    let order = common == 0 ? 0 : memcmp(left.baseAddress!, right.baseAddress!, common)
    return order != 0 ? Int(order) : left.count - right.count
  }

  static func call(
    _ function: FormulaFunction, _ places: [Int], _ sources: [Int], _ columns: [EventColumn],
    _ rows: Int, _ out: inout EventColumn
  ) {
    for row in 0..<rows {
      guard places.allSatisfy({ columns[$0].valid[row] != 0 }) else {
        out.appendNull()
        continue
      }
      let first = columns[places[0]]
      switch function {
      case .int, .double, .string: convert(first, row, &out)
      case .concat:
        let start = out.text.count
        for place in places { with(columns[place], row) { out.text.append(contentsOf: $0) } }
        finish(from: start, sources, columns, row, &out)
      case .length: with(first, row) { out.append(word: UInt64(scalars($0))) }
      case .lower: appendMapped(first, row, "A"..."Z", &out)
      case .upper: appendMapped(first, row, "a"..."z", &out)
      case .trim: with(first, row) { out.append(utf8: trimmed($0)) }
      case .substring:
        let start = Int64(bitPattern: columns[places[1]].words[row])
        let count = places.count > 2 ? Int64(bitPattern: columns[places[2]].words[row]) : .max
        with(first, row) { substring($0, start, count, &out) }
      case .replace:
        let start = out.text.count
        with(first, row) { text in
          with(columns[places[1]], row) { wanted in
            with(columns[places[2]], row) { replace(text, wanted, $0, &out.text) }
          }
        }
        finish(from: start, sources, columns, row, &out)
      default:
        with(first, row) { text in
          with(columns[places[1]], row) { search(function, text, $0, &out) }
        }
      }
    }
  }

  private static func convert(_ column: EventColumn, _ row: Int, _ out: inout EventColumn) {
    let word = column.words[row]
    switch (column.type, out.type) {
    case (.string, .int):
      append(with(column, row) { NumberParser.parseInt64($0) }.map { UInt64(bitPattern: $0) }, &out)
    case (.string, .double):
      let value = with(column, row) { NumberParser.parseDouble($0) }
      append(value.flatMap { $0.isFinite ? $0.bitPattern : nil }, &out)
    case (.double, .int):
      let whole = Int64(exactly: Double(bitPattern: word).rounded(.towardZero))
      append(whole.map { UInt64(bitPattern: $0) }, &out)
    case (.int, .double): out.append(word: Double(Int64(bitPattern: word)).bitPattern)
    case (.int, .string): out.append(.string(String(Int64(bitPattern: word))))
    case (.bool, .string): out.append(.string(word != 0 ? "true" : "false"))
    default: FormulaColumns.copy(column, row, &out)
    }
  }

  private static func append(_ word: UInt64?, _ out: inout EventColumn) {
    if let word { out.append(word: word) } else { out.appendNull() }
  }

  /// Ends the row whose bytes begin at `start`.
  private static func finish(
    from start: Int, _ sources: [Int], _ columns: [EventColumn], _ row: Int,
    _ out: inout EventColumn
  ) {
    let length = out.text.count - start
    if length > short {
      let bytes = sources.reduce(0) { $0 + columns[$1].textRange(row).count }
      if length > limit(ofSources: bytes) {
        out.text.removeLast(length)
        return out.appendNull()
      }
    }
    out.words.append(UInt64(out.text.count))
    out.valid.append(1)
  }

  private static func appendMapped(
    _ column: EventColumn, _ row: Int, _ letters: ClosedRange<Unicode.Scalar>,
    _ out: inout EventColumn
  ) {
    let bytes = UInt8(letters.lowerBound.value)...UInt8(letters.upperBound.value)
    with(column, row) { text in
      for byte in text { out.text.append(bytes.contains(byte) ? byte ^ 0x20 : byte) }
    }
    out.words.append(UInt64(out.text.count))
    out.valid.append(1)
  }

  private static func isStart(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

  private static func scalars(_ text: UnsafeRawBufferPointer) -> Int { text.count(where: isStart) }

  /// Without blanks, tabs and line ends at both ends.
  private static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard let first = text.firstIndex(where: { !isBlank($0) }),
      let last = text.lastIndex(where: { !isBlank($0) })
    else { return UnsafeRawBufferPointer(rebasing: text[..<0]) }
    return UnsafeRawBufferPointer(rebasing: text[first...last])
  }

  /// `count` scalars from the one at `start`, which counts from 1.
  private static func substring(
    _ text: UnsafeRawBufferPointer, _ start: Int64, _ count: Int64, _ out: inout EventColumn
  ) {
    guard start >= 1, count >= 0 else { return out.appendNull() }
    var scalar: Int64 = 0
    var from = text.count
    var end = text.count
    for (index, byte) in text.enumerated() where isStart(byte) {
      scalar += 1
      if scalar == start { from = index }
      if scalar >= start, scalar - start == count {
        end = index
        break
      }
    }
    out.append(utf8: UnsafeRawBufferPointer(rebasing: text[from..<max(from, end)]))
  }

  private static func matches(
    _ text: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer, at place: Int
  ) -> Bool {
    wanted.isEmpty || memcmp(text.baseAddress! + place, wanted.baseAddress!, wanted.count) == 0
  }

  /// Where `wanted` begins first, from `start` on.
  private static func find(
    _ wanted: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int = 0
  ) -> Int? {
    guard text.count - start >= wanted.count else { return nil }
    return (start...text.count - wanted.count).first { matches(text, wanted, at: $0) }
  }

  private static func findLast(
    _ wanted: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer
  ) -> Int? {
    guard text.count >= wanted.count else { return nil }
    return (0...text.count - wanted.count).last { matches(text, wanted, at: $0) }
  }

  /// Appends it, or so much of it that it is too long.
  private static func replace(
    _ text: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer,
    _ other: UnsafeRawBufferPointer, _ out: inout [UInt8]
  ) {
    let start = out.count
    var place = 0
    while !wanted.isEmpty, out.count - start <= longest,
      let found = find(wanted, in: text, from: place)
    {
      out.append(contentsOf: text[place..<found])
      out.append(contentsOf: other)
      place = found + wanted.count
    }
    out.append(contentsOf: text[place...])
  }

  private static func search(
    _ function: FormulaFunction, _ text: UnsafeRawBufferPointer,
    _ wanted: UnsafeRawBufferPointer, _ out: inout EventColumn
  ) {
    let fits = text.count >= wanted.count
    switch function {
    case .contains: out.append(word: find(wanted, in: text) == nil ? 0 : 1)
    case .startsWith: out.append(word: fits && matches(text, wanted, at: 0) ? 1 : 0)
    case .endsWith:
      let holds = fits && matches(text, wanted, at: text.count - wanted.count)
      out.append(word: holds ? 1 : 0)
    default:
      let isLast = function == .beforeLast || function == .afterLast
      guard let place = isLast ? findLast(wanted, in: text) : find(wanted, in: text) else {
        return out.appendNull()
      }
      let isBefore = function == .before || function == .beforeLast
      let part = isBefore ? text[..<place] : text[(place + wanted.count)...]
      out.append(utf8: UnsafeRawBufferPointer(rebasing: part))
    }
  }
}
