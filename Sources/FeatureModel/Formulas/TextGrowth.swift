// How long the texts may become that a view computes. Formulas can make much of little (a text twenty times
// over, of that as much again), for all rows of a batch at once; so the rows are told apart before memory is.

/// A bound on the bytes of computed texts of a row, by its longest text.
struct TextGrowth: Sendable {
  /// So many times the longest text of the row, and so many bytes more.
  private struct Length {
    var times = 0.0
    var bytes = 0.0

    static func + (left: Self, right: Self) -> Self {
      Self(times: left.times + right.times, bytes: left.bytes + right.bytes)
    }

    static func * (left: Self, factor: Double) -> Self {
      Self(times: left.times * factor, bytes: left.bytes * factor)
    }

    func orLonger(_ other: Self) -> Self {
      Self(times: max(times, other.times), bytes: max(bytes, other.bytes))
    }
  }

  /// Bytes that are computed at once, about.
  private static let limit = Double(64 << 20)
  /// Of a number as a text.
  private static let number = Length(bytes: 24)

  private let lengths: [Length]
  /// The batch's columns that are texts.
  private let inputs: [Int]

  /// False where no text becomes longer than those of the row.
  private let grows: Bool

  init(_ program: FormulaProgram) {
    var known: [Length] = program.types.map { $0 == .string ? Length(times: 1) : Length() }
    var constants: [Int: Int] = [:]
    var lengths: [Length] = []
    var grows = false
    for step in program.steps where step.type == .string {
      var length = Length()
      switch step.operation {
      case .constant(.string(let text)):
        length.bytes = Double(text.utf8.count)
        constants[step.out] = text.utf8.count
      case .copy(let column):
        length = known[column]
        constants[step.out] = constants[column]
      case .choose(_, let first, let second): length = known[first].orLonger(known[second])
      case .call(.concat, let columns):
        length = columns.reduce(Length()) { $0 + known[$1] }
        grows = true
      case .call(.replace, let columns):
        // In the place of a byte there may be all of the other text.
        let longest = Double(FormulaTexts.longest)
        length =
          constants[columns[2]].map { known[columns[0]] * Double(max(1, $0)) }
          ?? Length(bytes: longest)
        grows = true
      case .call(.string, _): length = Self.number
      case .call(.coalesce, let columns):
        length = columns.reduce(Length()) { $0.orLonger(known[$1]) }
      case .call(_, let columns): length = known[columns[0]]
      default: break
      }
      known[step.out] = length
      lengths.append(length)
    }
    self.lengths = lengths
    self.grows = grows
    inputs = (0..<program.inputCount).filter { program.types[$0] == .string }
  }

  /// How many rows of a batch are computed at once.
  /// - Complexity: O(rows) where texts may grow.
  func rowsAtOnce(_ batch: EventBatch) -> Int {
    guard grows, batch.count > 1 else { return batch.count }
    var longest: UInt64 = 0
    for column in inputs {
      batch.columns[column].words.withUnsafeBufferPointer { ends in
        var start: UInt64 = 0
        for end in ends {
          longest = max(longest, end - start)
          start = end
        }
      }
    }
    let most = Double(max(FormulaTexts.longest, Int(longest)))
    let bytes = lengths.reduce(0.0) { $0 + min(most, $1.times * Double(longest) + $1.bytes) }
    return bytes * Double(batch.count) <= Self.limit
      ? batch.count : max(1, Int(Self.limit / bytes))
  }
}
