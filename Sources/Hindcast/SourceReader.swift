// A row file as a source of events: chunks for several workers, a running digest of all rows, and the skip
// over what was taken in before. The digest is made under the lock that also orders the chunks.
import FeatureModel
import RowFiles
import Synchronization

final class SourceReader: Sendable {
  let chunker: RowChunker
  let name: String
  /// Where an earlier run ended.
  let continued: SourceRecord?
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var digester = Digester()
    var position: RowPosition?
    var rows = 0
    var endsWithLine = true
    var headBytes = 0
    var head: Digest?

    /// The same rows under another header are other data.
    init(header: CSVHeader?) { SourceRecord.begin(&digester, header: header) }
  }

  /// Opens a file and goes to where `record` left it; what lies before must be what it was then.
  init(
    path: String, name: String, _ ingest: IngestOptions, continuing record: SourceRecord?
  ) throws(HindcastError) {
    var options = RowChunker.Options()
    if let bytes = ingest.chunkBytes { options.chunkSize = bytes }
    options.forcedCut = record?.position.offset
    let chunker = try HindcastError.file { () throws(RowFileError) in
      try RowChunker(path: path, format: ingest.format, options: options)
    }
    self.chunker = chunker
    self.name = name
    continued = record
    state = Mutex(State(header: chunker.header))
    if let record { try skip(to: record, path) }
  }

  private func skip(to record: SourceRecord, _ path: String) throws(HindcastError) {
    while (state.withLock { $0.position?.offset ?? 0 }) < record.position.offset {
      guard try next() != nil else {
        throw .refused(
          "\(path) is shorter than source '\(name)' was when \(record.position.offset) bytes of it were "
            + "taken in. If this is other data, give it a name of its own: --source NAME")
      }
    }
    let isSame = state.withLock { state in
      state.rows = record.rows
      return state.position == record.position && state.digester.value == record.digest
    }
    guard isSame else { throw Self.changed(path, name, record) }
    state.withLock { $0.endsWithLine = record.endsWithLine }
  }

  private static func changed(
    _ path: String, _ name: String, _ record: SourceRecord
  ) -> HindcastError {
    .refused(
      "\(path): source '\(name)' was taken in up to byte \(record.position.offset), and what stands "
        + "before that is not what it was. If this is other data, give it a name of its own: "
        + "--source NAME")
  }

  /// The next chunk in file order; nil at the end. Safe from any thread.
  func next() throws(HindcastError) -> RowChunk? {
    try state.withLock { state throws(HindcastError) in
      let chunk = try HindcastError.file { () throws(RowFileError) in try chunker.next() }
      guard let chunk else { return nil }
      if !state.endsWithLine, let first = chunk.bytes.first, first != UInt8(ascii: "\n"),
        first != UInt8(ascii: "\r")
      {
        throw .refused(
          "\(chunker.path): the row before line \(chunk.firstLine) had no line end when it was taken "
            + "in, and has grown since. Ingest files whose last row is complete.")
      }
      state.digester.update(chunk.bytes)
      if state.head == nil {
        state.headBytes = min(SourceRecord.headBytesMax, chunk.bytes.count)
        state.head = Digest(of: UnsafeRawBufferPointer(rebasing: chunk.bytes[..<state.headBytes]))
      }
      state.position = chunk.end
      state.endsWithLine = !chunk.isUnterminated
      return chunk
    }
  }

  func count(rows: Int) { state.withLock { $0.rows += rows } }

  /// Where all chunks that were handed out end; nil before the first.
  var record: SourceRecord? {
    state.withLock { state in
      guard let position = state.position, let head = state.head else { return nil }
      return SourceRecord(
        position: position, rows: state.rows, digest: state.digester.value,
        endsWithLine: state.endsWithLine, headBytes: state.headBytes, head: head)
    }
  }
}
