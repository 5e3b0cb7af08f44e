// A chunk back to columns. Every length is checked against the end of the bytes once, before anything behind it
// is read: a defect is an error, never a crash.
import Aggregates
import FeatureModel

/// Reads chunks of one stream into batches.
struct KeptChunkReader {
  let stream: StreamDeclaration

  init(_ stream: StreamDeclaration) { self.stream = stream }

  static func head(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> KeptChunkHead {
    guard bytes.count >= KeptChunkHead.byteCount else {
      throw .truncated(needed: KeptChunkHead.byteCount, available: bytes.count)
    }
    guard bytes[0] == KeptChunkHead.format else {
      throw .malformed("kept events of format \(bytes[0]); this version reads 1")
    }
    func number(_ offset: Int) -> Int64 {
      Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }
    let count = Int(bytes.littleEndian32(at: 25))
    guard count > 0, count <= KeptChunkWriter.rowLimit else {
      throw .malformed("a chunk of \(count) events")
    }
    return KeptChunkHead(
      seal: number(1), earliestArrival: number(9), latestArrival: number(17), count: count)
  }

  /// Appends the events of a chunk to a batch of the stream; fields that the chunk does not have are null.
  func read(
    _ bytes: UnsafeRawBufferPointer, into batch: inout EventBatch
  ) throws(CodecError) -> KeptChunkHead {
    let head = try Self.head(bytes)
    var rest = KeptBytes(bytes, from: 29)
    let columns = Int(try rest.byte()) | Int(try rest.byte()) << 8
    let start = batch.count
    for _ in 0..<columns {
      let name = String(decoding: try rest.take(Int(try rest.byte())), as: UTF8.self)
      let code = try rest.byte()
      let index = stream.index(of: name)
      if let index, KeptType.code(stream.fields[index].type) != code {
        throw .malformed("field '\(name)' is of type \(code)")
      }
      guard code <= 4 else { throw .malformed("a field of type \(code)") }
      let isText = code == KeptType.code(.string)
      if let index {
        try Self.read(&rest, head.count, isText, into: &batch.columns[index])
      } else {
        var unused = EventColumn(type: isText ? .string : .int)
        try Self.read(&rest, head.count, isText, into: &unused)
      }
    }
    try rest.end()
    for index in batch.columns.indices {
      let missing = start + head.count - batch.columns[index].words.count
      guard missing == 0 || missing == head.count else {
        throw .malformed("a field is there twice")
      }
      for _ in 0..<missing { batch.columns[index].appendNull() }
    }
    return head
  }

  /// One field of a chunk's events; nulls where the chunk does not have it. The columns before it are passed
  /// over.
  func column(
    _ index: Int, of bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> EventColumn {
    let head = try Self.head(bytes)
    let field = stream.fields[index]
    var column = EventColumn(type: field.type)
    var rest = KeptBytes(bytes, from: 29)
    let columns = Int(try rest.byte()) | Int(try rest.byte()) << 8
    for _ in 0..<columns {
      let name = try rest.take(Int(try rest.byte()))
      let code = try rest.byte()
      guard code <= 4 else { throw .malformed("a field of type \(code)") }
      let isText = code == KeptType.code(.string)
      guard name.elementsEqual(field.name.utf8) else {
        try Self.pass(&rest, head.count, isText)
        continue
      }
      guard KeptType.code(field.type) == code else {
        throw .malformed("field '\(field.name)' is of type \(code)")
      }
      try Self.read(&rest, head.count, isText, into: &column)
      return column
    }
    for _ in 0..<head.count { column.appendNull() }
    return column
  }

  /// A chunk's events with the arrivals that they had; an event that was erased since is not admitted.
  func admitted(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> (batch: EventBatch, admitted: AdmittedEvents) {
    var batch = EventBatch(stream)
    let head = try read(bytes, into: &batch)
    var admitted = AdmittedEvents()
    EventAdmission.admit(batch, of: stream, into: &admitted)
    EventAdmission.raise(&admitted, to: head.seal)
    return (batch, admitted)
  }

  private static func pass(
    _ rest: inout KeptBytes, _ count: Int, _ isText: Bool
  ) throws(CodecError) {
    if isText {
      // How many bytes the texts have, their lengths say.
      var unused = EventColumn(type: .string)
      return try read(&rest, count, true, into: &unused)
    }
    if try rest.byte() != 0 { _ = try rest.take((count + 7) / 8) }
    _ = try rest.take(8)
    _ = try rest.take(count * Int(try rest.byte()))
  }

  static func read(
    _ rest: inout KeptBytes, _ count: Int, _ isText: Bool, into column: inout EventColumn
  ) throws(CodecError) {
    let valid = try rest.byte() == 0 ? nil : try rest.take((count + 7) / 8)
    if let valid {
      for index in 0..<count { column.valid.append(valid[index >> 3] >> UInt8(index & 7) & 1) }
    } else {
      column.valid.append(contentsOf: repeatElement(1, count: count))
    }
    let least = UInt64(bitPattern: try rest.number())
    let width = Int(try rest.byte())
    guard [0, 1, 2, 4, 8].contains(width) else { throw .malformed("a frame of width \(width)") }
    let distances = try rest.take(count * width)
    let first = column.words.count
    column.words.append(contentsOf: repeatElement(least, count: count))
    column.words.withUnsafeMutableBufferPointer { words in
      add(distances, width, count, to: words.baseAddress! + first)
    }
    if isText { try readTexts(&rest, count, first, into: &column) }
  }

  @inline(__always)
  private static func add(
    _ distances: UnsafeRawBufferPointer, _ width: Int, _ count: Int,
    to words: UnsafeMutablePointer<UInt64>
  ) {
    func add<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) {
      for index in 0..<count {
        let distance = distances.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Number>.size, as: Number.self)
        words[index] &+= UInt64(Number(littleEndian: distance))
      }
    }
    switch width {
    case 1: add(UInt8.self)
    case 2: add(UInt16.self)
    case 4: add(UInt32.self)
    case 8: add(UInt64.self)
    default: break
    }
  }

  /// Lengths become the places where texts end.
  private static func readTexts(
    _ rest: inout KeptBytes, _ count: Int, _ first: Int, into column: inout EventColumn
  ) throws(CodecError) {
    var total = 0
    let start = UInt64(column.text.count)
    for index in first..<first + count {
      let length = column.words[index]
      guard length <= UInt64(rest.count - total) else {
        throw .truncated(needed: Int(clamping: length), available: rest.count - total)
      }
      total += Int(length)
      column.words[index] = start + UInt64(total)
    }
    column.text.append(contentsOf: try rest.take(total))
  }
}

/// A place in a chunk's bytes, which are borrowed.
struct KeptBytes {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
    rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
  }

  var count: Int { rest.count }

  mutating func take(_ count: Int) throws(CodecError) -> UnsafeRawBufferPointer {
    guard count <= rest.count else { throw .truncated(needed: count, available: rest.count) }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
    return UnsafeRawBufferPointer(rebasing: rest[..<count])
  }

  mutating func byte() throws(CodecError) -> UInt8 { try take(1)[0] }

  mutating func number() throws(CodecError) -> Int64 {
    Int64(littleEndian: try take(8).loadUnaligned(as: Int64.self))
  }

  func end() throws(CodecError) {
    if !rest.isEmpty { throw .malformed("\(rest.count) bytes behind the last column") }
  }
}
