// Which source a file is. Named by the caller, or by its path; a file that moved is known again by its
// content, so that a second path to the same rows counts nothing twice.
import FeatureModel
import Glibc
import RowFiles
import SliceStore

struct SourceFinder {
  let store: Store
  /// Under whom positions stand.
  let takers: [ViewID]

  /// The name under which the file's rows are, or will be, recorded.
  func name(path: String, format: RowFormat?, explicit: String?) throws(HindcastError) -> String {
    if let explicit { return explicit }
    guard path != "-" else {
      throw .refused(
        "standard input has no name to continue from. Add --source NAME: the same name again goes on "
          + "where the last run stopped")
    }
    let standard = "file:" + absolute(path)
    let known = try records()
    if known[standard] != nil { return standard }
    return try match(path, format, known) ?? standard
  }

  private func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// For each source, the record of the view that is furthest.
  private func records() throws(HindcastError) -> [String: SourceRecord] {
    try HindcastError.store { () throws(StoreError) in
      var found: [String: SourceRecord] = [:]
      for taker in takers {
        for position in try store.positions(in: taker) {
          guard let record = SourceRecord(position.position), record.rows > 0 else { continue }
          if record.position.offset > found[position.source]?.position.offset ?? -1 {
            found[position.source] = record
          }
        }
      }
      return found
    }
  }

  /// The source whose rows are the beginning of this file's; the longest, where there are several.
  private func match(
    _ path: String, _ format: RowFormat?, _ known: [String: SourceRecord]
  ) throws(HindcastError) -> String? {
    if known.isEmpty { return nil }
    return try HindcastError.file { () throws(RowFileError) in
      let chunker = try RowChunker(path: path, format: format)
      var digester = Digester()
      SourceRecord.begin(&digester, header: chunker.header)
      var best: String?
      var candidates: [(name: String, record: SourceRecord)] = []
      while let chunk = try chunker.next() {
        if chunk.index == 0 { candidates = Self.sameHead(known, chunk) }
        if candidates.isEmpty { break }
        var done = 0
        while let next = candidates.first, next.record.position.offset <= chunk.end.offset {
          let end = next.record.position.offset - chunk.start.offset
          guard end >= done else {
            candidates.removeFirst()
            continue
          }
          digester.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[done..<end]))
          done = end
          if digester.value == next.record.digest { best = next.name }
          candidates.removeFirst()
        }
        digester.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[done...]))
      }
      return best
    }
  }

  /// The sources that begin with the same bytes, shortest first.
  private static func sameHead(
    _ known: [String: SourceRecord], _ chunk: RowChunk
  ) -> [(name: String, record: SourceRecord)] {
    known.filter { _, record in
      record.headBytes <= chunk.bytes.count
        && Digest(of: UnsafeRawBufferPointer(rebasing: chunk.bytes[..<record.headBytes]))
          == record.head
    }.map { ($0.key, $0.value) }.sorted { $0.record.position.offset < $1.record.position.offset }
  }
}
