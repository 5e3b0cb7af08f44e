// zlib's deflate as a handle, the other direction of `GzipInflater`. The header carries no time and no
// name, so that equal rows make equal files.
internal import CZlib

/// A running gzip compression of one member.
struct GzipDeflater: ~Copyable {
  /// On the heap: zlib's state points back at it, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil where zlib has no memory.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    let code = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION,
      size)
    if code != Z_OK {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// One step: from `input` as much as `output` has room for; with `isLast` the end of the member too.
  /// Both are borrowed for the call. Not done: call again with what is left of the input.
  func step(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int, isDone: Bool) {
    let inputCount = min(input.count, Int(UInt32.max))
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(inputCount)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
    let code = deflate(stream, isLast && inputCount == input.count ? Z_FINISH : Z_NO_FLUSH)
    let consumed = inputCount - Int(stream.pointee.avail_in)
    let produced = output.count - Int(stream.pointee.avail_out)
    let isDone = isLast ? code == Z_STREAM_END : consumed == input.count && produced < output.count
    return (consumed, produced, isDone)
  }
}
