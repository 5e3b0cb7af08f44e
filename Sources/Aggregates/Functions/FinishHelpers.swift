// How functions read their partials: by type, in the order that the plan names them in.
import FeatureModel

extension [Accumulator] {
  /// The sums at a place that a `SumPartial` was planned for.
  func sum(_ place: Int) -> SumAccumulator { self[place] as! SumAccumulator }

  /// The partials at a place that one of this type was planned for.
  func partial<P: Partial>(_ place: Int, _: P.Type) -> PartialAccumulator<P> {
    self[place] as! PartialAccumulator<P>
  }
}

extension SumAccumulator {
  /// The whole number that a count has come to.
  var count: Int64 { running.sum.int64Value ?? .max }
}

extension ExactSum {
  /// The value of a sum of ints or doubles.
  func value(_ type: FieldType) -> Value {
    if type == .double { return .finite(doubleValue) }
    return int64Value.map { .int($0) } ?? .null
  }

  /// The mean of so many numbers whose sum this is.
  func mean(of count: Int64) -> Value {
    guard count > 0 else { return .null }
    let rounded = doubleValue
    return .double(rounded.isFinite ? rounded / Double(count) : quotient(by: count))
  }
}

extension Value {
  /// A kept text as a value; nowhere else is a `String` made.
  static func text(_ utf8: [UInt8]?) -> Value {
    utf8.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
  }

  /// A double that readers of JSON and CSV can have: null instead of an infinity.
  static func finite(_ value: Double) -> Value { value.isFinite ? .double(value) : .null }
}

extension PartialSpec {
  /// One per event.
  static let rows = PartialSpec(identity: "rows", slot: .rows, width: .narrow) {
    SumAccumulator(.one)
  }

  /// One per non-null value.
  static let values = PartialSpec(identity: "values", slot: .word, width: .narrow) {
    SumAccumulator(.one)
  }

  /// The sum of an int or double field.
  static func sum(_ input: FieldType) -> PartialSpec {
    let isDouble = input == .double
    return PartialSpec(identity: "sum(\(input.rawValue))", slot: .word, width: .narrow) {
      SumAccumulator(isDouble ? .double : .int)
    }
  }

  /// The sum of the squares of an int or double field.
  static func squares(_ input: FieldType) -> PartialSpec {
    let isDouble = input == .double
    return PartialSpec(identity: "squares(\(input.rawValue))", slot: .word, width: .narrow) {
      SumAccumulator(isDouble ? .squaredDouble : .squaredInt)
    }
  }
}

extension PartialSpec {
  /// How often a bool field is true.
  static let trues = PartialSpec(identity: "trues", slot: .word, width: .narrow) {
    SumAccumulator(.int)
  }

  /// The number and the power sums of an int or double field.
  static func powers(_ input: FieldType) -> PartialSpec {
    let isDouble = input == .double
    return PartialSpec(identity: "powers(\(input.rawValue))", slot: .word, width: .wide) {
      PartialAccumulator(PowerSums(ofDoubles: isDouble))
    }
  }

  /// The least or greatest time of an event with a value, or of any event where there is no field.
  static func time(_ side: Side, of input: FieldType?) -> PartialSpec {
    let name = side == .greatest ? "lastTime" : "firstTime"
    return PartialSpec(
      identity: input == nil ? "\(name)(rows)" : name, slot: input == nil ? .rows : .word,
      width: .narrow, usesTime: true
    ) { PartialAccumulator(Extremum(ofTimes: side)) }
  }
}

extension AggregateFunction {
  /// The declared type of the planned field; the declaration reader has refused all others.
  static func field(_ input: FieldType?) -> FieldType {
    guard let input, signature.accepts.contains(input) else {
      preconditionFailure("\(signature.name) was planned for a type that it does not accept")
    }
    return input
  }
}
