// What the functions of a field's counted values have in common: `topK`, `valueCounts`, `mode`,
// `modeRatio` and `entropy` of one field and bound read the same tally, each in its own way.
import FeatureModel

extension AggregateSignature.Parameter {
  /// How many distinct values are kept with their counts.
  static let keep = AggregateSignature.Parameter(
    name: "keep", range: 1...4096, defaultValue: usualKeep)
  static let usualKeep: Int64 = 256
}

/// A tally with its values as values, as functions read it.
struct ReadTally {
  /// Those that were kept, with their counts, in the order of their hashes.
  let items: [(value: Value, count: Int64)]
  /// All values, kept or not.
  let total: Int64
  /// Those that were not kept.
  let others: Int64
  /// The hash of the last one kept: all values with hashes below are among the items.
  let lastHash: UInt64

  /// By count from the greatest, equal counts in the order of `min`.
  var ranked: [(value: Value, count: Int64)] {
    items.sorted {
      $0.count != $1.count ? $0.count > $1.count : ValueOrder.precedes($0.value, $1.value)
    }
  }
}

extension AggregatePlan {
  /// A function of a field's tally; null where there are no values.
  static func tally(
    of type: FieldType, _ parameters: [String: Int64],
    _ finish: @escaping @Sendable (ReadTally) -> Value
  ) -> AggregatePlan {
    let keep = Int(parameters["keep"] ?? AggregateSignature.Parameter.usualKeep)
    let identity = "tally(\(type.rawValue),\(keep))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide) {
        PartialAccumulator(ValueTally<TalliedText>(limit: keep))
      }
      return AggregatePlan(partials: [spec]) { accumulators in
        let tally = accumulators.partial(0, ValueTally<TalliedText>.self)
        return { read(tally.running, finish) { .text($0.utf8) } }
      }
    }
    let spec = PartialSpec(identity: identity, slot: .word, width: .wide) {
      PartialAccumulator(ValueTally<TalliedWord>(limit: keep, ofDoubles: type == .double))
    }
    let order = WordOrder(type)
    return AggregatePlan(partials: [spec]) { accumulators in
      let tally = accumulators.partial(0, ValueTally<TalliedWord>.self)
      return { read(tally.running, finish) { WordOrder.value(order.ordered($0.word), type) } }
    }
  }

  private static func read<Element: TalliedValue>(
    _ tally: ValueTally<Element>, _ finish: (ReadTally) -> Value, _ value: (Element) -> Value
  ) -> Value {
    if tally.total == 0 { return .null }
    return finish(
      ReadTally(
        items: tally.items.map { (value($0.value), $0.count) }, total: tally.total,
        others: tally.others, lastHash: tally.items.last?.hash ?? 0))
  }
}

/// The order of values of one type, as `min` has it.
enum ValueOrder {
  static func precedes(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.int(let one), .int(let other)): one < other
    case (.double(let one), .double(let other)): one < other
    case (.timestamp(let one), .timestamp(let other)): one < other
    case (.bool(let one), .bool(let other)): !one && other
    case (.string(let one), .string(let other)): one.utf8.lexicographicallyPrecedes(other.utf8)
    default: false
    }
  }
}
