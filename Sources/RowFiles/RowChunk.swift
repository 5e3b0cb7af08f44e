// A few megabytes of whole rows: the unit that goes from the one reader to the many parsers. Buffers go
// back to a pool when a chunk is let go, so that memory follows the chunks in flight, not the file.
import Synchronization

/// Whole rows of one file, in a buffer of its own. Written by `RowChunker` alone, and never again once it
/// is handed out, so that any thread may read it; letting go of the last reference recycles the buffer.
public final class RowChunk: @unchecked Sendable {
  /// 0, 1, 2, ... in the order of the file.
  public let index: Int
  /// Where the chunk begins and what follows it, in uncompressed bytes and lines.
  public let start: RowPosition
  public let end: RowPosition
  /// The last row ends with the file instead of with a line end.
  public let isUnterminated: Bool
  /// Compressed bytes read from the source when this chunk was cut; for progress.
  public let compressedPosition: Int

  private let buffer: ChunkBuffer
  private let pool: ChunkPool

  init(
    _ buffer: ChunkBuffer, pool: ChunkPool, index: Int, start: RowPosition, end: RowPosition,
    isUnterminated: Bool, compressedPosition: Int
  ) {
    self.buffer = buffer
    self.pool = pool
    self.index = index
    self.start = start
    self.end = end
    self.isUnterminated = isUnterminated
    self.compressedPosition = compressedPosition
  }

  deinit { pool.put(buffer) }

  /// The rows. Valid as long as the chunk; the `ChunkBuffer.padding` bytes behind them may be read too and
  /// begin with a newline.
  public var bytes: UnsafeRawBufferPointer { buffer.contents }

  /// The 1-based number of the physical line on which the first row starts.
  public var firstLine: Int { start.line }
}

/// A place between two rows of a file: what a reader that goes on later must know.
public struct RowPosition: Hashable, Sendable {
  /// Uncompressed bytes before it.
  public let offset: Int
  /// The 1-based number of the physical line that begins here.
  public let line: Int

  public static let start = RowPosition(offset: 0, line: 1)

  public init(offset: Int, line: Int) {
    self.offset = offset
    self.line = line
  }
}

/// Bytes with room behind them, so that scanners may load whole words.
struct ChunkBuffer {
  /// Readable bytes behind the capacity.
  static let padding = 64

  private(set) var base: UnsafeMutableRawPointer
  private(set) var capacity: Int
  var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity + Self.padding, alignment: 64)
  }

  var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  var free: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
  }

  mutating func grow(to newCapacity: Int) {
    var larger = ChunkBuffer(capacity: newCapacity)
    larger.base.copyMemory(from: base, byteCount: count)
    larger.count = count
    deallocate()
    self = larger
  }

  /// A newline and zeros behind the contents: scans for the end of a row need no bound.
  func seal() {
    (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    base.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: count, as: UInt8.self)
  }

  func deallocate() { base.deallocate() }
}

/// Buffers that wait for their next use.
final class ChunkPool: Sendable {
  private struct Free: @unchecked Sendable { var buffers: [ChunkBuffer] = [] }

  private let capacity: Int
  private let free = Mutex(Free())

  init(capacity: Int) { self.capacity = capacity }

  deinit {
    free.withLock { free in
      for buffer in free.buffers { buffer.deallocate() }
    }
  }

  func take() -> ChunkBuffer {
    var buffer = free.withLock { $0.buffers.popLast() } ?? ChunkBuffer(capacity: capacity)
    buffer.count = 0
    return buffer
  }

  /// A buffer that one long row made larger is given back to the system instead.
  func put(_ buffer: ChunkBuffer) {
    guard buffer.capacity == capacity else { return buffer.deallocate() }
    let stored = Free(buffers: [buffer])
    free.withLock { $0.buffers += stored.buffers }
  }
}
