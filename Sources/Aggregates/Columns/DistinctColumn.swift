// Code 10: a column of distinct sets. The parameters stand once in front; a precision of 0 says that all
// entries are empty sets that never met any. Each entry is its sorted hashes, or its registers, sparse
// where that is shorter than six bits for each of them.
//
//   varint exactUpTo, u8 precision, per entry a varint tag:
//     0   dense: the registers, six bits each, four in three bytes, lowest bits first
//     1   sparse: varint number of registers above 0, per such register u16 index, u8 value, ascending
//     2+n exact: n hashes, ascending, u64 each
enum DistinctColumn {
  /// Merges the given entries into `set`.
  static func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>, into set: inout DistinctSet
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let exactUpTo = try reader.count()
    let precision = Int(try reader.byte())
    if precision == 0 { return try skipEmpty(&reader, rows) }
    guard exactUpTo <= 65_536, HyperLogLog.precisions.contains(precision) else {
      throw .malformed("distinct column with bound \(exactUpTo), precision \(precision)")
    }
    guard set.adopt(.init(exactUpTo: exactUpTo, precision: precision)) else {
      throw .malformed("distinct columns with different parameters")
    }
    for row in 0..<rows {
      try foldEntry(&reader, precision, into: &set, wanted: entries.contains(row))
    }
    try reader.end()
  }

  private static func skipEmpty(_ reader: inout ColumnReader, _ rows: Int) throws(CodecError) {
    for _ in 0..<rows {
      guard try reader.byte() == 2 else {
        throw .malformed("a set without parameters has elements")
      }
    }
    try reader.end()
  }

  private static func foldEntry(
    _ reader: inout ColumnReader, _ precision: Int, into set: inout DistinctSet, wanted: Bool
  ) throws(CodecError) {
    let tag = try reader.count()
    switch tag {
    case 0:
      let packed = try reader.take(denseSize(precision))
      if wanted { set.merge(try dense(packed, precision)) }
    case 1:
      let pairs = try reader.take(try reader.count(), width: 3)
      if wanted { set.merge(try sparse(pairs, precision)) }
    default:
      let hashes = try reader.take(tag - 2, width: 8)
      guard wanted else { return }
      for offset in stride(from: 0, to: hashes.count, by: 8) {
        set.insert(
          UInt64(littleEndian: hashes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      }
    }
  }

  private static func denseSize(_ precision: Int) -> Int { (1 << precision) / 4 * 3 }

  private static func dense(
    _ packed: UnsafeRawBufferPointer, _ precision: Int
  ) throws(CodecError) -> HyperLogLog {
    var sketch = HyperLogLog(precision: precision)
    for group in 0..<packed.count / 3 {
      let bits =
        UInt32(packed[3 * group]) | UInt32(packed[3 * group + 1]) << 8
        | UInt32(packed[3 * group + 2]) << 16
      for position in 0..<4 {
        let rank = UInt8(bits >> UInt32(6 * position) & 63)
        try raise(&sketch, 4 * group + position, rank)
      }
    }
    return sketch
  }

  private static func sparse(
    _ pairs: UnsafeRawBufferPointer, _ precision: Int
  ) throws(CodecError) -> HyperLogLog {
    var sketch = HyperLogLog(precision: precision)
    for offset in stride(from: 0, to: pairs.count, by: 3) {
      let index = Int(pairs[offset]) | Int(pairs[offset + 1]) << 8
      guard index < 1 << precision else { throw .malformed("register \(index) of a sketch") }
      try raise(&sketch, index, pairs[offset + 2])
    }
    return sketch
  }

  private static func raise(
    _ sketch: inout HyperLogLog, _ index: Int, _ rank: UInt8
  ) throws(CodecError) {
    guard rank <= HyperLogLog.limit(sketch.precision) else {
      throw .malformed("register with value \(rank)")
    }
    sketch.raise(index, to: rank)
  }
}

extension DistinctColumn {
  /// Appends the column of these sets, which agree in their parameters.
  static func encode(_ entries: [DistinctSet], into bytes: inout [UInt8]) {
    let parameters = entries.lazy.compactMap(\.parameters).first
    bytes.append(varint: UInt128(parameters?.exactUpTo ?? 0))
    bytes.append(UInt8(parameters?.precision ?? 0))
    for entry in entries {
      precondition(
        entry.parameters == nil || entry.parameters == parameters,
        "sets of one column have one bound and one precision")
      encode(entry.settled, into: &bytes)
    }
  }

  private static func encode(_ set: DistinctSet, into bytes: inout [UInt8]) {
    guard let sketch = set.sketch else {
      bytes.append(varint: UInt128(2 + set.hashes.count))
      for hash in set.hashes { bytes.append(littleEndian: hash, width: 8) }
      return
    }
    let registers = sketch.registers
    let used = registers.indices.filter { registers[$0] > 0 }
    if 3 * used.count < denseSize(sketch.precision) {
      bytes.append(1)
      bytes.append(varint: UInt128(used.count))
      for index in used {
        bytes.append(littleEndian: UInt64(index), width: 2)
        bytes.append(registers[index])
      }
      return
    }
    bytes.append(0)
    for group in stride(from: 0, to: registers.count, by: 4) {
      var bits: UInt64 = 0
      for position in 0..<4 { bits |= UInt64(registers[group + position]) << UInt64(6 * position) }
      bytes.append(littleEndian: bits, width: 3)
    }
  }
}
