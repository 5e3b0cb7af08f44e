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
    if let weighing = plan.weighing {
      let slice = try #require(SliceLength(milliseconds: interval))
      return try weighed(plan, type, values, slice, start: start, weighing(slice))
    }
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

  /// The value of a function that weighs entries, where each event has a slice of its own; the same from the
  /// newest entry on and from the oldest on.
  private static func weighed(
    _ plan: AggregatePlan, _ type: FieldType?, _ values: [Value], _ slice: SliceLength,
    start: Int64, _ make: () -> [Accumulator]
  ) throws -> Value {
    let (spec, stored) = (plan.partials[0], plan.partials[0].make())
    for (index, value) in values.enumerated() {
      absorb(value, spec.slot, type, stored, time: Int64(index) * slice.milliseconds)
      stored.finishEntry()
    }
    var column: [UInt8] = []
    stored.encodeEntries(into: &column)
    let results = try column.withUnsafeBytes { bytes in
      try [Array(values.indices), values.indices.reversed()].map { order in
        let accumulators = make()
        let reading = plan.reading(accumulators)
        try accumulators[0].open(Aggregates.StoredColumn(bytes: bytes, rows: values.count), slot: 0)
        for index in order {
          let age = start / slice.milliseconds - Int64(index)
          try accumulators[0].fold(slot: 0, entry: index, age: age)
        }
        return reading()
      }
    }
    #expect(results[0] == results[1])
    return results[0]
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
