// Chunks to columns: the one interface over both formats. The format is asked once per chunk; inside,
// each parser is a loop of its own.
import FeatureModel

/// Where an accepted row stands in its chunk.
public struct RowSpan: Hashable, Sendable {
  /// The row's bytes in `RowChunk.bytes`, without the line end: what a join writes out unchanged.
  public let start: UInt32
  public let end: UInt32
  /// The 1-based number of the physical line on which it starts.
  public let line: Int

  public var range: Range<Int> { Int(start)..<Int(end) }
}

/// Parses the rows of one file. Has scratch memory, so each thread needs its own.
public final class RowParser {
  private enum Implementation {
    case csv(CSVRowParser)
    case jsonLines(JSONRowParser)
  }

  public let schema: RowSchema
  private let implementation: Implementation

  /// A parser for the rows that `chunker` cuts.
  /// Throws `missingColumn` or `duplicateColumn` where a CSV header does not fit the schema.
  public convenience init(for chunker: RowChunker, schema: RowSchema) throws(RowFileError) {
    try self.init(
      format: chunker.format, header: chunker.header, schema: schema, path: chunker.path)
  }

  /// `header` is needed for CSV; `path` is for errors.
  public init(
    format: RowFormat, header: CSVHeader?, schema: RowSchema, path: String
  ) throws(RowFileError) {
    self.schema = schema
    switch format {
    case .csv:
      guard let header else { throw RowFileError(path: path, problem: .noHeader) }
      implementation = .csv(try CSVRowParser(header, schema, path: path))
    case .jsonLines: implementation = .jsonLines(JSONRowParser(schema))
    }
  }

  /// Appends the chunk's good rows to `batch`, which has the schema's columns, and their places to
  /// `rows`; hands each bad row to `rejects`, in file order. A bad row leaves the batch as it was. Empty
  /// lines are skipped. No allocation per good row, once the batch has its capacity.
  public func parse(
    _ chunk: RowChunk, into batch: inout EventBatch, rows: inout [RowSpan],
    rejects: (RowRejection) -> Void
  ) {
    precondition(batch.columns.count == schema.fields.count, "the batch has other columns")
    switch implementation {
    case .csv(let parser):
      parser.parse(chunk.bytes, line: chunk.firstLine, &batch, &rows, rejects)
    case .jsonLines(let parser):
      parser.parse(chunk.bytes, line: chunk.firstLine, &batch, &rows, rejects)
    }
    withExtendedLifetime(chunk) {}
  }
}

extension EventBatch {
  /// Takes back what a row that turned out bad has left behind `count` rows.
  mutating func takeBack(to count: Int) {
    for index in columns.indices where columns[index].words.count > count {
      columns[index].removeLast()
    }
  }
}
