// How long the texts may become that a view computes. Formulas can make much of little (a text twenty times
// over, of that as much again), for all rows of a batch at once; so the rows are told apart before memory is.

/// A bound on the bytes of computed texts of a row, by its longest text.
struct TextGrowth: Sendable {
  private struct Step {
    enum Length {
      case constant(Int)
      /// As long as the longest of some columns.
      case longest([Int])
      /// As long as some together.
      case sum([Int])
      /// One with another in the place of each byte.
      case replaced(Int, by: Int)
    }

    let out: Int
    let length: Length
    /// How many of the row's texts it is made of.
    let sources: Int
  }

  /// Of a number as a text.
  private static let number = 24

  private let steps: [Step]
  private let columnCount: Int
  /// The batch's columns that are texts.
  private let inputs: [Int]

  /// Whether a row may get more text than it has, by more than a few bytes.
  let grows: Bool

  init(_ program: FormulaProgram) {
    var steps: [Step] = []
    var grows = false
    for step in program.steps where step.type == .string {
      let length: Step.Length
      switch step.operation {
      case .constant(.string(let text)):
        length = .constant(text.utf8.count)
        if text.utf8.count > Self.number { grows = true }
      case .copy(let column): length = .longest([column])
      case .choose(_, let first, let second): length = .longest([first, second])
      case .call(.concat, let columns):
        length = .sum(columns)
        grows = true
      case .call(.replace, let columns):
        length = .replaced(columns[0], by: columns[2])
        grows = true
      case .call(.string, _): length = .constant(Self.number)
      case .call(.coalesce, let columns): length = .longest(columns)
      case .call(_, let columns): length = .longest([columns[0]])
      default: length = .constant(0)
      }
      steps.append(Step(out: step.out, length: length, sources: step.sources.count))
    }
    self.steps = steps
    self.grows = grows
    columnCount = program.types.count
    inputs = (0..<program.inputCount).filter { program.types[$0] == .string }
  }

  /// Of what is computed at once.
  static let limit = 64 << 20

  /// Runs of rows, together all of a batch, for each of which computed texts take about so many bytes at most:
  /// one row at least.
  /// - Complexity: O(rows) where texts may grow; times the steps only where the batch has to be divided.
  func pieces(of batch: EventBatch, bytes limit: Int = Self.limit) -> [Range<Int>] {
    let all = 0..<batch.count
    guard grows, batch.count > 1 else { return [all] }
    let longest = longestTexts(batch)
    var lengths = Array(repeating: 0, count: columnCount)
    let most = bytes(ofTexts: longest.max() ?? 0, &lengths)
    if most <= limit / batch.count { return [all] }
    var pieces: [Range<Int>] = []
    var (start, held) = (0, 0)
    for row in all {
      let own = bytes(ofTexts: longest[row], &lengths)
      if row > start, held + own > limit {
        pieces.append(start..<row)
        (start, held) = (row, 0)
      }
      held += own
    }
    return pieces + [start..<batch.count]
  }

  /// Of each row.
  private func longestTexts(_ batch: EventBatch) -> [Int] {
    var longest = Array(repeating: 0, count: batch.count)
    for column in inputs {
      batch.columns[column].words.withUnsafeBufferPointer { ends in
        var start = 0
        for row in longest.indices {
          let end = Int(ends[row])
          longest[row] = max(longest[row], end - start)
          start = end
        }
      }
    }
    return longest
  }

  /// What a row's computed texts take at most.
  private func bytes(ofTexts longest: Int, _ lengths: inout [Int]) -> Int {
    for column in inputs { lengths[column] = longest }
    var bytes = 0
    for step in steps {
      var length = 0
      switch step.length {
      case .constant(let own): length = own
      case .longest(let columns): for column in columns { length = max(length, lengths[column]) }
      case .sum(let columns): for column in columns { length += lengths[column] }
      case .replaced(let column, let other): length = lengths[column] * max(1, lengths[other])
      }
      switch step.length {
      case .sum, .replaced:
        length = min(length, FormulaTexts.limit(ofSources: step.sources * longest))
      default: break
      }
      lengths[step.out] = length
      bytes += length
    }
    return bytes
  }
}
