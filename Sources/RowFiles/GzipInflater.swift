// zlib's inflate as a handle: compressed bytes in, plain bytes out, member after member. Knows nothing
// of files; `ByteSource` feeds it.
internal import CZlib

/// A running gzip decompression of one or more concatenated members.
struct GzipInflater: ~Copyable {
  /// Where a step left off.
  enum Status: Equatable {
    /// All input is used up or all output is full.
    case running
    case memberEnded
    case corrupt(String)
    case outOfMemory
  }

  /// On the heap: zlib's state points back at it, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil where zlib has no memory.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let gzipOnly = MAX_WBITS + 16
    let size = Int32(MemoryLayout<z_stream>.size)
    if inflateInit2_(stream, gzipOnly, ZLIB_VERSION, size) != Z_OK {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// One step: from `input` as much as fits into `output`. Both are borrowed for the call.
  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int, status: Status) {
    let inputCount = min(input.count, Int(UInt32.max))
    let outputCount = min(output.count, Int(UInt32.max))
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(inputCount)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(outputCount)
    let code = inflate(stream, Z_NO_FLUSH)
    let consumed = inputCount - Int(stream.pointee.avail_in)
    let produced = outputCount - Int(stream.pointee.avail_out)
    return (consumed, produced, status(code))
  }

  /// Ready for the next member.
  func reset() { inflateReset(stream) }

  private func status(_ code: Int32) -> Status {
    switch code {
    case Z_OK, Z_BUF_ERROR: .running
    case Z_STREAM_END: .memberEnded
    case Z_MEM_ERROR: .outOfMemory
    default: .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
    }
  }
}
