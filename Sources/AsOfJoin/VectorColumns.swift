// The computed columns of a feature set, once those that it reads are answered: all rows by the steps that also
// compute the vector of a look-up, some hundred rows at a time, on all threads.
import Dispatch
import FeatureModel
import Synchronization

package enum VectorColumns {
  /// Rows that are computed together; a few columns of so many fit the first cache.
  private static let rowsTogether = 1024

  /// Fills the columns of a set's computed members.
  /// - Parameters:
  ///   - columns: of what the set reads, finished.
  ///   - computed: for each member its column; nil for those that are there as they are read.
  package static func fill(
    _ computed: [FeatureColumn?], of shape: SetShape, from columns: [FeatureColumn], rows: Int,
    _ options: JoinOptions
  ) throws(JoinError) {
    let pieces = (rows + rowsTogether - 1) / rowsTogether
    let threads = max(1, min(options.threads, TextParts.threadLimit, pieces))
    let next = NextPiece()
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let derivation = SetDerivation(shape)
      while let piece = next.take(below: pieces), options.cancellation?.isCancelled != true {
        let start = piece * rowsTogether
        let range = start..<min(rows, start + rowsTogether)
        derivation.derive(rows: range.count) { place, column in
          columns[place].append(range, to: &column)
        }
        for (member, target) in computed.enumerated() {
          guard let target else { continue }
          let writer = target.writer(thread: thread)
          derivation.withColumn(of: member) { writer.write($0, from: range.lowerBound) }
        }
      }
    }
    if options.cancellation?.isCancelled == true { throw .cancelled }
    for case let column? in computed { column.finish() }
  }

  /// What the threads take their work from.
  private final class NextPiece: Sendable {
    private let piece = Atomic(0)

    func take(below count: Int) -> Int? {
      let taken = piece.add(1, ordering: .relaxed).oldValue
      return taken < count ? taken : nil
    }
  }
}

extension FeatureColumn {
  /// Appends some answers to a column of events.
  fileprivate func append(_ rows: Range<Int>, to column: inout EventColumn) {
    for row in rows {
      if isNull(row) {
        column.appendNull()
        continue
      }
      switch type {
      case .int, .double, .timestamp:
        column.append(word: values.load(fromByteOffset: 8 * row, as: UInt64.self))
      case .bool:
        let byte = values.load(fromByteOffset: row / 8, as: UInt8.self)
        column.append(word: UInt64(byte >> (row % 8) & 1))
      case .string: column.append(utf8: utf8(row))
      }
    }
  }
}

extension FeatureColumn.Writer {
  /// Puts all rows of a column in, from a row on.
  fileprivate func write(_ column: borrowing EventColumn, from first: Int) {
    for index in column.words.indices {
      let row = first + index
      if column.valid[index] == 0 { setNull(row) }
      if isNumber {
        store(column.words[index], row)
      } else if column.valid[index] != 0 {
        if column.type == .bool {
          set(row, .bool(column.words[index] != 0))
        } else {
          column.text.withUnsafeBytes {
            set(row, utf8: UnsafeRawBufferPointer(rebasing: $0[column.textRange(index)]))
          }
        }
      }
    }
  }
}
