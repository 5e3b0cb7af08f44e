// A join of a spine that does not fit memory: chunks in, chunks out, in their order. Chunks are answered
// together, as many as a budget of rows allows, since each time the whole view may be moved through; what
// comes out are the chunks that went in.
import AsOfJoin

/// One chunk of a spine, answered.
public struct JoinedChunk: Sendable {
  public let batch: SpineBatch
  /// Of this chunk and others that were answered with it.
  public let answers: JoinAnswers
  /// The chunk's rows among those of `answers`.
  public let rows: Range<Int>
}

/// Pulls chunks from a source and hands them out answered. Not for use by two threads.
///
///     let stream = JoinStream(join) { try source.next() }
///     while let chunk = try stream.next() { use(chunk) }
public final class JoinStream {
  /// Answered together: enough that a dense spine pays for its way through the store.
  public static let rowsTogether = 1 << 20

  private let join: ColumnJoin
  private let options: JoinOptions
  private let rowsTogether: Int
  private let source: () throws -> SpineBatch?
  private var answered: [JoinedChunk] = []
  /// Of all chunks before those of `answered`.
  private var rowsBefore = 0
  private var isAtEnd = false

  /// - Parameter source: the next chunk, of the columns that `join` was made for; nil at the end. Its errors
  ///   come out of `next`, as do those of the join. They, and what `options.progress` is told, count rows from
  ///   the beginning of the stream.
  public init(
    _ join: ColumnJoin, _ options: JoinOptions = JoinOptions(),
    rowsTogether: Int = JoinStream.rowsTogether, from source: @escaping () throws -> SpineBatch?
  ) {
    self.join = join
    self.options = options
    self.rowsTogether = rowsTogether
    self.source = source
  }

  /// The next chunk; nil after the last. After an error there are no more.
  /// - Complexity: memory of the answers to `rowsTogether` rows, or to one chunk where that is larger.
  public func next() throws -> JoinedChunk? {
    if answered.isEmpty {
      do { try answerMore() } catch {
        isAtEnd = true
        throw error
      }
    }
    return answered.popLast()
  }

  private func answerMore() throws {
    var batches: [SpineBatch] = []
    var rows = 0
    while !isAtEnd, rows < rowsTogether {
      guard let batch = try source() else {
        isAtEnd = true
        break
      }
      batches.append(batch)
      rows += batch.count
    }
    if batches.isEmpty { return }
    let answers: JoinAnswers
    do { answers = try join.answer(batches, optionsHere) } catch {
      throw error.advanced(by: rowsBefore)
    }
    rowsBefore += rows
    var end = rows
    // Last first, since they are taken from the end.
    for batch in batches.reversed() {
      answered.append(
        JoinedChunk(batch: batch, answers: answers, rows: end - batch.count..<end))
      end -= batch.count
    }
  }

  /// Tells whoever looks on of the rows of the whole stream.
  private var optionsHere: JoinOptions {
    guard let progress = options.progress, rowsBefore > 0 else { return options }
    var options = options
    options.progress = { [rowsBefore] in progress(rowsBefore + $0) }
    return options
  }
}
