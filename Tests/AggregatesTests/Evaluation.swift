// The way from some values to a function's value, taken twice: from partials just made, and from stored
// columns.
import Aggregates
import FeatureModel
import Testing

extension FunctionTests {
  /// The value over events `interval` apart; made in memory, and checked against the one from columns.
  static func evaluate(
    _ name: String, _ type: FieldType?, _ values: [Value], interval: Int64 = 1000,
    _ parameters: [String: Int64] = [:], start: Int64 = 0
  ) throws -> Value {
    let plan = AggregateCatalog.function(named: name)!.plan(input: type, parameters: parameters)
    let accumulators = plan.partials.map { $0.make() }
    for (spec, accumulator) in zip(plan.partials, accumulators) {
      for (index, value) in values.enumerated() {
        absorb(value, spec.slot, type, accumulator, time: Int64(index) * interval)
      }
      accumulator.requestStart = start
    }
    let result = plan.reading(accumulators)()
    let stored = plan.partials.map { $0.make() }
    for (accumulator, target) in zip(accumulators, stored) {
      accumulator.finishEntry()
      accumulator.finishEntry()
      var column: [UInt8] = []
      accumulator.encodeEntries(into: &column)
      try column.withUnsafeBytes { try target.fold($0, rows: 2, entries: 0..<2) }
      target.requestStart = start
    }
    #expect(plan.reading(stored)() == result)
    return result
  }

  private static func absorb(
    _ value: Value, _ slot: PartialSpec.Slot, _ type: FieldType?, _ accumulator: Accumulator,
    time: Int64
  ) {
    if slot == .rows { return accumulator.absorb(word: 0, time: time) }
    var column = EventColumn(type: type!)
    column.append(value)
    if column.valid[0] == 0 { return }
    let word = column.words[0]
    switch slot {
    case .rows, .word: accumulator.absorb(word: word, time: time)
    case .text: column.text.withUnsafeBytes { accumulator.absorb(text: $0, time: time) }
    case .hash:
      let hash =
        type == .string
        ? column.text.withUnsafeBytes { DistinctSet.hash(text: $0) }
        : DistinctSet.hash(word: word, type: type!)
      accumulator.absorb(word: hash, time: time)
    }
  }
}
