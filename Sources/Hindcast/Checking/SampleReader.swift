// Rows of a file in one batch, with what a plugin derives of them: for samples, and for a plugin's own `rows`.
import FeatureModel
import RowFiles
import SliceStore

/// The rows of some chunks, whole.
final class SampleReader {
  private(set) var rows: EventBatch
  private(set) var rejected: [RowRejection] = []
  private let parser: RowParser
  private let deriver: RowDeriver?
  private let stream: StreamDeclaration

  init(_ parser: RowParser, _ deriver: RowDeriver?, _ stream: StreamDeclaration) {
    self.parser = parser
    self.deriver = deriver
    self.stream = stream
    rows = EventBatch(stream)
  }

  func take(_ chunk: RowChunk) {
    var spans: [RowSpan] = []
    guard let deriver else {
      parser.parse(chunk, into: &rows, rows: &spans) { rejected.append($0) }
      return
    }
    var batch = parser.schema.makeBatch()
    var full = EventBatch(stream)
    parser.parse(chunk, into: &batch, rows: &spans) { rejected.append($0) }
    for refused in deriver.derive(&batch, &full) {
      let span = spans[refused.row]
      rejected.append(
        RowRejection(
          line: span.line, field: refused.field, problem: .refused(refused.reason),
          range: span.range))
    }
    rows.append(full, rows: 0..<full.count)
  }

  /// Forgets what was read.
  func removeAll() {
    rows.removeAll()
    rejected.removeAll()
  }
}
