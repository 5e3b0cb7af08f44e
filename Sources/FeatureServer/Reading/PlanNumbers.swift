// The numbers under which answers are kept. A plan that is made anew after declarations have changed gets the
// number it had, if what it answers from is still the same: what is registered, promoted or built beside a
// view costs that view no kept answer.
import FeatureModel
import RESP
import SliceStore

/// Numbers of one loop's plans, by what their answers depend on besides entity and slice.
struct PlanNumbers {
  struct Meaning: Hashable {
    /// Of the views that are read, in the order of reading.
    let states: [ViewState]
    let answers: Answers
    let version: ProtocolVersion
  }

  enum Answers: Hashable {
    case features([String], AnswerShape)
    case vector(of: Digest)
  }

  /// Past this many nobody asks for the older ones any more.
  private static let limit = 4 * PlanTable.limit

  private var numbers: [Meaning: UInt32] = [:]
  private var next: UInt32 = 1

  /// The number of what is meant; none is ever given twice for different things.
  mutating func number(of meaning: Meaning) -> UInt32 {
    if let known = numbers[meaning] { return known }
    if numbers.count >= Self.limit { numbers.removeAll() }
    defer { next &+= 1 }
    numbers[meaning] = next
    return next
  }
}
