// Reading stored columns: every read is checked against the end of the bytes, and a defect is a
// `CodecError`, never a crash. The one idea: after `take`, a run of bytes needs no more checks.

/// A place in a borrowed run of bytes. Valid only as long as the bytes are.
struct ColumnReader: BitwiseCopyable {
  var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// The next `count` bytes.
  @inline(__always)
  mutating func take(_ count: Int) throws(CodecError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= rest.count else {
      throw .truncated(needed: count, available: rest.count)
    }
    let taken = UnsafeRawBufferPointer(rebasing: rest[0..<count])
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    return taken
  }

  /// The next `count · width` bytes.
  @inline(__always)
  mutating func take(_ count: Int, width: Int) throws(CodecError) -> UnsafeRawBufferPointer {
    let (needed, overflow) = count.multipliedReportingOverflow(by: width)
    if overflow { throw .truncated(needed: .max, available: rest.count) }
    return try take(needed)
  }

  @inline(__always)
  mutating func byte() throws(CodecError) -> UInt8 {
    try take(1)[0]
  }

  mutating func int16() throws(CodecError) -> Int {
    Int(Int16(littleEndian: try take(2).loadUnaligned(as: Int16.self)))
  }

  mutating func int64() throws(CodecError) -> Int64 {
    Int64(littleEndian: try take(8).loadUnaligned(as: Int64.self))
  }

  /// A LEB128 varint of up to 19 bytes.
  @inline(__always)
  mutating func varint128() throws(CodecError) -> UInt128 {
    let first = try byte()
    if first < 0x80 { return UInt128(first) }
    return try longVarint(after: first)
  }

  /// The rest of a varint of more than one byte: in 64 bits as far as they go.
  private mutating func longVarint(after first: UInt8) throws(CodecError) -> UInt128 {
    var short = UInt64(first & 0x7f)
    for position in 1..<9 {
      let next = try byte()
      short |= UInt64(next & 0x7f) &<< UInt64(7 &* position)
      if next < 0x80 { return UInt128(short) }
    }
    var value = UInt128(short)
    for position in 9..<19 {
      let next = try byte()
      if position == 18 && next > 3 { break }
      value |= UInt128(next & 0x7f) &<< UInt128(7 * position)
      if next < 0x80 { return value }
    }
    throw .malformed("a varint is longer than 128 bits")
  }

  /// A varint that counts something.
  mutating func count() throws(CodecError) -> Int {
    guard let count = Int(exactly: try varint128()) else {
      throw .malformed("a count is out of range")
    }
    return count
  }

  /// Throws unless all bytes were read.
  @inline(__always)
  func end() throws(CodecError) {
    if !rest.isEmpty { throw .malformed("\(rest.count) bytes too many") }
  }

  /// Throws unless the caller's entries lie within the column. Columns have below 2^31 entries.
  @inline(__always)
  static func check(rows: Int, entries: Range<Int>) throws(CodecError) {
    guard rows >= 0, rows <= Int(Int32.max), entries.lowerBound >= 0, entries.upperBound <= rows
    else {
      throw .malformed("entries \(entries) of a column of \(rows)")
    }
  }
}
