// One column of a batch, looked at value by value. Buffers that are missing or offsets that cannot be are found
// when the column is opened, so that reading needs no further look.
import CHindcast
import Hindcast

/// Borrowed memory of a batch, which has to outlive it.
struct ArrowColumn {
  let name: String
  let type: ArrowType
  let rows: Int
  /// Rows to skip in all buffers.
  let offset: Int
  /// Nil where nothing is null.
  let validity: UnsafePointer<UInt8>?
  /// Values; of texts the offsets or views.
  let values: UnsafeRawPointer
  /// Of texts with offsets, their bytes.
  let bytes: UnsafeRawPointer
  private let array: ArrowArray

  /// Stands for buffers that hold nothing.
  private nonisolated(unsafe) static let nothing = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8).initializeMemory(
      as: UInt64.self, repeating: 0, count: 2))

  init(_ batch: ArrowBatch, _ index: Int, _ field: ArrowField) throws(Failure) {
    try self.init(
      batch.column(index).pointee, field.type, name: field.name, offset: batch.offset(of: index),
      rows: batch.rows)
  }

  /// - Parameter offset: in place of the array's own.
  init(
    _ array: ArrowArray, _ type: ArrowType, name: String, offset: Int, rows: Int
  ) throws(Failure) {
    self.array = array
    self.name = name
    self.rows = rows
    self.offset = offset
    if case .dictionary(let index, _) = type { self.type = index } else { self.type = type }
    guard self.type != .null else {
      (validity, values, bytes) = (nil, Self.nothing, Self.nothing)
      return
    }
    let wanted = type == .text32 || type == .text64 ? 3 : 2
    guard array.n_buffers >= wanted, let buffers = array.buffers else {
      throw Self.malformed(name, "has \(array.n_buffers) buffers, and \(wanted) are needed")
    }
    validity =
      array.null_count == 0 ? nil : buffers[0].map { $0.assumingMemoryBound(to: UInt8.self) }
    guard let values = buffers[1] ?? (rows == 0 ? Self.nothing : nil) else {
      throw Self.malformed(name, "has no values")
    }
    self.values = values
    bytes = wanted == 3 ? buffers[2] ?? Self.nothing : Self.nothing
    if wanted == 3, rows > 0 { try checkOffsets(hasBytes: buffers[2] != nil) }
  }

  private static func malformed(_ name: String, _ reason: String) -> Failure {
    Failure(.stream, "column '\(name)' \(reason): the Arrow array is malformed", column: name)
  }

  private func checkOffsets(hasBytes: Bool) throws(Failure) {
    let first = textEnd(0)
    var last = first
    var isSound = first >= 0
    for row in 1...rows {
      let end = textEnd(row)
      isSound = isSound && end >= last
      last = end
    }
    guard isSound, hasBytes || last == first else {
      throw Self.malformed(name, "has offsets that cannot be")
    }
  }

  /// Where the text before a row ends.
  @inline(__always)
  private func textEnd(_ row: Int) -> Int {
    type == .text32
      ? Int(values.loadUnaligned(fromByteOffset: 4 * (row + offset), as: Int32.self))
      : Int(values.loadUnaligned(fromByteOffset: 8 * (row + offset), as: Int64.self))
  }

  @inline(__always)
  func isValid(_ row: Int) -> Bool {
    if type == .null { return false }
    guard let validity else { return true }
    let bit = row + offset
    return validity[bit >> 3] >> UInt8(bit & 7) & 1 != 0
  }

  @inline(__always)
  func flag(_ row: Int) -> Bool {
    let bit = row + offset
    return values.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(bit & 7) & 1 != 0
  }

  @inline(__always)
  func load<Number: BitwiseCopyable>(_ row: Int, as type: Number.Type) -> Number {
    values.loadUnaligned(
      fromByteOffset: MemoryLayout<Number>.size * (row + offset), as: Number.self)
  }

  /// Of texts with offsets.
  @inline(__always)
  func text(_ row: Int) -> UnsafeRawBufferPointer {
    let (start, end) = (textEnd(row), textEnd(row + 1))
    return UnsafeRawBufferPointer(start: bytes + start, count: end - start)
  }

  /// A text that lies in its view, or where the view points; nil where that is nowhere.
  func viewedText(_ row: Int) -> UnsafeRawBufferPointer? {
    let view = values + 16 * (row + offset)
    let length = Int(view.loadUnaligned(as: Int32.self))
    if length >= 0, length <= 12 { return UnsafeRawBufferPointer(start: view + 4, count: length) }
    let buffer = Int(view.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let start = Int(view.loadUnaligned(fromByteOffset: 12, as: Int32.self))
    // Validity and views come before the texts' buffers, and a buffer with the sizes of those comes last.
    let count = Int(array.n_buffers) - 3
    guard length > 0, start >= 0, buffer >= 0, buffer < count,
      let sizes = array.buffers[count + 2], let text = array.buffers[buffer + 2],
      sizes.loadUnaligned(fromByteOffset: 8 * buffer, as: Int64.self) >= Int64(start + length)
    else { return nil }
    return UnsafeRawBufferPointer(start: text + start, count: length)
  }
}
