// Rows that are taken all or none, so that all of them are read before anything is changed: those of a file,
// and those that a program hands over in columns.
import FeatureModel
import RowFiles
import SliceStore

/// The rows of a file, all of them right.
struct WholeFile {
  private(set) var rows: EventBatch
  private var lines: [Int] = []
  private let path: String

  /// - Throws: `HindcastError.row` for the first bad row.
  init(_ path: String, _ format: RowFormat?, _ schema: RowSchema) throws(HindcastError) {
    self.path = path
    rows = schema.makeBatch()
    var rejected: RowRejection?
    do throws(RowFileError) {
      let chunker = try RowChunker(path: path, format: format)
      let parser = try RowParser(for: chunker, schema: schema)
      while rejected == nil, let chunk = try chunker.next() {
        var spans: [RowSpan] = []
        parser.parse(chunk, into: &rows, rows: &spans) { rejected = rejected ?? $0 }
        lines += spans.map(\.line)
      }
    } catch { throw .file(error) }
    if let rejected {
      throw .row(
        path: path, rejected, remedy: "Mend it and run the same again; nothing was changed")
    }
  }

  /// Where a row stands, for people.
  func place(of row: Int) -> String { "\(path): line \(lines[row])" }
}

/// The rows of a table in memory, whole. A row that cannot be read is left out of them, and named.
struct WholeTable {
  private(set) var rows: EventBatch
  /// In their order; rows are counted in the table.
  private(set) var refused: [RefusedEvent] = []

  /// Rows that are read at a time, between two looks at the cancellation.
  private static let rowsTogether = 1 << 16

  /// - Parameters:
  ///   - empty: with the columns that the parts have.
  ///   - next: the next part; nil at the end.
  init(
    _ empty: EventBatch, _ cancellation: JoinCancellation?,
    _ progress: (@Sendable (_ rows: Int) -> Void)?, _ next: () throws -> EventPart?
  ) throws {
    rows = empty
    var piece = empty
    var read = 0
    while let part = try next() {
      for start in stride(from: 0, to: part.count, by: Self.rowsTogether) {
        if cancellation?.isCancelled ?? false { throw HindcastError.cancelled }
        piece.removeAll()
        let range = start..<min(part.count, start + Self.rowsTogether)
        refused += part.read(range, &piece).map {
          RefusedEvent(row: read + $0.row, field: $0.field, reason: $0.reason)
        }
        rows.append(piece, rows: 0..<piece.count)
        progress?(read + range.upperBound)
      }
      read += part.count
    }
  }
}

/// Where rows of a table came from, for messages.
enum RowPlaces {
  /// With the line of each row.
  case file(String, lines: [Int])
  case memory

  static let remedy = "Nothing was changed: mend it, and load all rows again"

  /// `FILE has`
  var name: String {
    switch self {
    case .file(let path, _): "\(path) has"
    case .memory: "there are"
    }
  }

  func place(of row: Int) -> String {
    switch self {
    case .file(_, let lines): "line \(lines[row])"
    case .memory: "row \(row)"
    }
  }

  /// - Parameter refused: at least one, in their order.
  func bad(_ refused: [RefusedEvent]) -> HindcastError {
    let first = refused[0]
    switch self {
    case .file(let path, let lines):
      let rejection = RowRejection(
        line: lines[first.row], field: first.field, problem: .refused(first.reason), range: 0..<0)
      return .row(path: path, rejection, remedy: Self.remedy)
    case .memory:
      let more = refused.count > 1 ? " (and \(refused.count - 1) more rows)" : ""
      return .rows(
        refused,
        text: "row \(first.row): field '\(first.field)': \(first.reason)\(more). \(Self.remedy)")
    }
  }
}
