// What ends the reading or writing of a whole file, with the file's name. A single bad row is no such
// error: it is a `RowRejection`, and reading goes on.
import Glibc

/// Why a row file cannot be read or written any further.
public struct RowFileError: Error, Equatable, Sendable {
  /// The path as given; `-` is standard input or output.
  public let path: String
  public let problem: Problem

  /// What went wrong; byte counts are of uncompressed data unless they say otherwise.
  public enum Problem: Equatable, Sendable {
    case cannotOpen(errno: Int32)
    case cannotRead(errno: Int32)
    case cannotWrite(errno: Int32)
    case cannotRename(errno: Int32)
    case outOfMemory
    /// The name's ending says nothing, and no format was given.
    case unknownFormat
    case gzipCutShort(after: Int)
    case gzipCorrupt(after: Int, String)
    /// Bytes that are no further gzip member follow the last one.
    case gzipGarbage(after: Int)
    case rowTooLong(line: Int, limit: Int)
    /// The file ended before the place where reading was to go on.
    case endsBefore(offset: Int)
    case noHeader
    case badHeader(String)
    case missingColumn(String, nearest: String?)
    case duplicateColumn(String)
  }

  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }
}

extension RowFileError: CustomStringConvertible {
  public var description: String {
    let name = path == "-" ? "standard input or output" : path
    return "\(name): \(problem)"
  }
}

extension RowFileError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotOpen(let code): "cannot be opened: \(Self.text(code))"
    case .cannotRead(let code): "cannot be read: \(Self.text(code))"
    case .cannotWrite(let code): "cannot be written: \(Self.text(code))"
    case .cannotRename(let code): "cannot be given its final name: \(Self.text(code))"
    case .outOfMemory: "zlib is out of memory"
    case .unknownFormat: "is it CSV or JSON Lines? The name does not say; state the format"
    case .gzipCutShort(let count): "gzip data is cut short after \(count) bytes"
    case .gzipCorrupt(let count, let detail): "gzip data is corrupt after \(count) bytes: \(detail)"
    case .gzipGarbage(let count): "bytes that are not gzip follow the gzip data of \(count) bytes"
    case .rowTooLong(let line, let limit):
      "line \(line): the row is longer than \(limit) bytes (is a quote left open?)"
    case .endsBefore(let offset): "ends before byte \(offset), where reading was to go on"
    case .noHeader: "there is no header row"
    case .badHeader(let reason): "bad header row: \(reason)"
    case .missingColumn(let name, nil): "no column '\(name)'"
    case .missingColumn(let name, let nearest?): "no column '\(name)'; nearest is '\(nearest)'"
    case .duplicateColumn(let name): "the header has column '\(name)' twice"
    }
  }

  private static func text(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
        return "error \(code)"
      }
      return String(cString: base)
    }
  }
}
