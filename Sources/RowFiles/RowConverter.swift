// A row of one format as a row of the other, for joins whose output has another format than their spine.
// Nothing is guessed: what CSV holds is text and becomes JSON strings, so that "007" stays what it was;
// what JSON holds becomes the text of its value.
import FeatureModel

/// Converts the rows of one file, in file order. Has scratch memory, so each thread needs its own.
public final class RowConverter {
  private enum Implementation {
    case toJSON(CSVToJSON)
    case toCSV(JSONToCSV)
  }

  private let implementation: Implementation

  /// A converter of the rows that `chunker` cuts into the format that it does not have.
  /// Throws `duplicateColumn` where a CSV header would make an object with one member twice.
  public init(from chunker: RowChunker) throws(RowFileError) {
    switch chunker.format {
    case .csv:
      guard let header = chunker.header else {
        throw RowFileError(path: chunker.path, problem: .noHeader)
      }
      implementation = .toJSON(try CSVToJSON(header, path: chunker.path))
    case .jsonLines: implementation = .toCSV(JSONToCSV())
    }
  }

  /// The header of the CSV rows: the first object's members, in their order. Nil for JSON Lines, and as
  /// long as no row has been converted.
  public var header: CSVHeader? {
    if case .toCSV(let converter) = implementation { return converter.header }
    return nil
  }

  /// The row in the other format, without a line end; lent until the next call. `row` is one that
  /// `RowParser` has accepted, in memory that may be read as `RowChunk.bytes` says.
  /// Throws what the other format cannot hold: text that is not UTF-8, a member that the header lacks or
  /// that stands twice.
  public func convert(
    _ row: RowSpan, of chunk: RowChunk
  ) throws(RowRejection) -> UnsafeRawBufferPointer {
    let bytes = UnsafeRawBufferPointer(rebasing: chunk.bytes[row.range])
    do throws(ConversionFault) {
      switch implementation {
      case .toJSON(let converter): return try converter.convert(bytes)
      case .toCSV(let converter): return try converter.convert(bytes)
      }
    } catch {
      throw RowRejection(
        line: row.line, field: error.field, problem: error.problem, range: row.range)
    }
  }
}

/// What one row has that the other format cannot hold.
struct ConversionFault: Error {
  let field: String?
  let problem: RowProblem
}

/// Memory for one converted row, which is lent to the caller.
struct ConvertedRow: ~Copyable {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)

  /// Copies a row to where it stays until the next one comes.
  mutating func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
    if memory.count < bytes.count {
      memory.deallocate()
      memory = .allocate(byteCount: bytes.count * 2, alignment: 16)
    }
    memory.copyBytes(from: bytes)
    return UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])
  }

  deinit { memory.deallocate() }
}
