// The state behind `RowChunker`: a buffer that is filled from the source and cut at the last row's end;
// what is left over moves to the next buffer.

/// Fills buffers and cuts them between rows. Used by one thread at a time.
struct ChunkCutter: ~Copyable {
  private var source: ByteSource
  private let format: RowFormat
  private let rowLimit: Int
  private let pool: ChunkPool
  private var buffer: ChunkBuffer
  private var boundaries: RowBoundaries
  /// Of the first byte in `buffer`.
  private var position = RowPosition.start
  private var chunkCount = 0
  private var atEnd = false
  /// Thrown once the rows before it are handed out.
  private var failure: RowFileError?
  /// A chunk ends here even where more rows are at hand.
  private let forcedCut: Int?

  init(_ source: consuming ByteSource, format: RowFormat, options: RowChunker.Options) {
    self.source = source
    self.format = format
    rowLimit = options.rowLimit
    forcedCut = options.forcedCut
    pool = ChunkPool(capacity: min(options.chunkSize, options.rowLimit))
    buffer = pool.take()
    boundaries = RowBoundaries(format: format)
  }

  deinit { buffer.deallocate() }

  mutating func next() throws(RowFileError) -> RowChunk? {
    try fill()
    let count = atEnd ? buffer.count : boundaries.lastEnd
    if count == 0 {
      if let failure { throw failure }
      return nil
    }
    if let forcedCut, position.offset < forcedCut, forcedCut < position.offset + count {
      return cut(forcedCut - position.offset)
    }
    return cut(count)
  }

  /// Takes off a byte order mark, empty lines and, for CSV, the header.
  mutating func readHeader() throws(RowFileError) -> CSVHeader? {
    try fill()
    if buffer.contents.starts(with: [0xEF, 0xBB, 0xBF]) { drop(3) }
    guard format == .csv else { return nil }
    while true {
      try fill()
      let count = atEnd ? buffer.count : boundaries.lastEnd
      if count == 0 { throw failure ?? RowFileError(path: source.path, problem: .noHeader) }
      buffer.seal()
      let rows = UnsafeRawBufferPointer(rebasing: buffer.contents[..<count])
      let (header, next) = try CSVHeader.read(rows, path: source.path)
      drop(next)
      if let header { return header }
    }
  }

  /// Leaves out everything before `start`.
  mutating func goOn(to start: RowPosition) throws(RowFileError) {
    guard start.offset > position.offset else { return }
    let count = start.offset - position.offset
    if count <= buffer.count {
      drop(count)
    } else {
      drop(buffer.count)
      try source.skip(to: start.offset)
    }
    position = start
  }

  /// Until a row's end is in the buffer and the buffer is full, or the source is at its end.
  private mutating func fill() throws(RowFileError) {
    while !atEnd && failure == nil {
      if buffer.free.isEmpty {
        if boundaries.lastEnd > 0 { return }
        guard buffer.capacity < rowLimit else {
          let problem = RowFileError.Problem.rowTooLong(line: position.line, limit: rowLimit)
          failure = RowFileError(path: source.path, problem: problem)
          return
        }
        buffer.grow(to: min(buffer.capacity * 2, rowLimit))
      }
      do throws(RowFileError) {
        let count = try source.read(into: buffer.free)
        buffer.count += count
        atEnd = count == 0
      } catch {
        failure = error
      }
      boundaries.scan(buffer.contents, atEnd: atEnd)
    }
  }

  private mutating func cut(_ count: Int) -> RowChunk {
    var rest = pool.take()
    let left = buffer.count - count
    if left > rest.capacity { rest.grow(to: buffer.capacity) }
    rest.base.copyMemory(from: buffer.base + count, byteCount: left)
    rest.count = left
    buffer.count = count
    buffer.seal()
    let end = RowPosition(
      offset: position.offset + count,
      line: position.line + RowBoundaries.countNewlines(buffer.contents))
    let chunk = RowChunk(
      buffer, pool: pool, index: chunkCount, start: position, end: end,
      isUnterminated: boundaries.lastEnd < count, compressedPosition: source.compressedPosition)
    boundaries.removeFirst(count)
    buffer = rest
    position = end
    chunkCount += 1
    return chunk
  }

  /// Forgets the first bytes, which end where a row ends (or a byte order mark).
  private mutating func drop(_ count: Int) {
    let dropped = UnsafeRawBufferPointer(rebasing: buffer.contents[..<count])
    position = RowPosition(
      offset: position.offset + count,
      line: position.line + RowBoundaries.countNewlines(dropped))
    buffer.base.copyMemory(from: buffer.base + count, byteCount: buffer.count - count)
    buffer.count -= count
    boundaries = RowBoundaries(format: format)
    boundaries.scan(buffer.contents, atEnd: atEnd)
  }
}
