// What a declaration gets: each function over each type, empty windows, ties, and the same value whether
// the partials were just made or come from stored columns.
import Aggregates
import FeatureModel
import Testing

@Suite("Functions give the values that the contract promises")
struct FunctionTests {
  typealias Row = (function: String, type: FieldType?, values: [Value], expected: Value)

  @Test(arguments: Self.rows)
  func aFunctionGivesTheValue(_ row: Row) throws {
    let result = try Self.evaluate(row.function, row.type, row.values)
    #expect(result == row.expected, "\(row.function) of \(row.values)")
  }

  static let rows: [Row] = [
    ("count", nil, [.null, .null, .null], .int(3)),
    ("count", .string, [.null, .string("a"), .string("a")], .int(2)),
    ("count", nil, [], .int(0)),
    ("sum", .int, [.int(3), .null, .int(-5)], .int(-2)),
    ("sum", .int, [.int(.max), .int(1)], .null),
    ("sum", .int, [.int(.max), .int(1), .int(-2)], .int(.max - 1)),
    ("sum", .double, (0..<10).map { _ in .double(0.1) }, .double(1)),
    ("sum", .int, [.null], .int(0)),
    ("sum", .double, [.null], .double(0)),
    ("sum", .double, [.double(1e308), .double(1e308)], .null),
    ("sum", .double, [.double(1e308), .double(1e308), .double(-1e308)], .double(1e308)),
    ("variance", .double, [.double(1e300), .double(-1e300)], .null),
    ("stddev", .double, [.double(1e300), .double(-1e300)], .null),
    ("mean", .int, [.int(1), .int(2), .null], .double(1.5)),
    (
      "mean", .double, [.double(.greatestFiniteMagnitude), .double(.greatestFiniteMagnitude)],
      .double(.greatestFiniteMagnitude)
    ),
    ("mean", .double, [.null], .null),
    ("min", .int, [.int(3), .int(-3), .null], .int(-3)),
    ("max", .int, [.int(3), .int(-3), .int(.max)], .int(.max)),
    ("min", .double, [.double(-1e300), .double(5), .double(-.infinity)], .double(-.infinity)),
    ("max", .double, [.double(-2), .double(-1)], .double(-1)),
    ("min", .bool, [.bool(true), .bool(false)], .bool(false)),
    ("max", .timestamp, [time(-5), time(7)], time(7)),
    ("min", .string, [.string("b"), .string("é"), .string("")], .string("")),
    ("max", .string, [.string("z"), .string("é"), .string("Z")], .string("é")),
    ("min", .string, [.null], .null), ("max", .double, [], .null),
    ("variance", .int, [.int(1), .int(2), .int(3), .int(4)], .double(5.0 / 3)),
    ("variance", .double, [.double(0.1), .double(0.1), .double(0.1)], .double(0)),
    ("variance", .int, [.int(1), .null], .null), ("stddev", .int, [.int(1)], .null),
    ("stddev", .int, [.int(2), .int(4), .int(6)], .double(2)),
    ("first", .int, [.int(9), .null, .int(1)], .int(9)),
    ("last", .int, [.int(9), .int(1), .null], .int(1)),
    ("last", .double, [.double(-1), .double(-0.5)], .double(-0.5)),
    ("first", .string, [.null, .string("x"), .string("a")], .string("x")),
    ("last", .string, [.string("x"), .string("a")], .string("a")),
    ("last", .bool, [.bool(false), .bool(true)], .bool(true)),
    ("first", .timestamp, [.null], .null), ("last", .string, [], .null),
    ("distinct", .string, [.string("a"), .string("b"), .string("a"), .null], .int(2)),
    ("distinct", .double, [.double(0), .double(-0.0), .double(1)], .int(2)),
    ("distinct", .int, [.null], .null),
  ]

  @Test func valuesOfOneInstantAreATieThatTheValueDecides() throws {
    for (function, word, text) in [("first", Int64(-8), "a"), ("last", 5, "b")] {
      for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let words: [Value] = order.map { [.int(-8), .int(5), .int(2)][$0] }
        let texts: [Value] = order.map { [.string("a"), .string("b"), .string("ab")][$0] }
        #expect(try Self.evaluate(function, .int, words, interval: 0) == .int(word))
        #expect(try Self.evaluate(function, .string, texts, interval: 0) == .string(text))
      }
    }
  }

  @Test func negativeZeroLiesBelowZero() throws {
    let zeros: [Value] = [.double(0.0), .double(-0.0)]
    guard case .double(let least) = try Self.evaluate("min", .double, zeros),
      case .double(let greatest) = try Self.evaluate("max", .double, zeros.reversed())
    else {
      Issue.record("min and max of doubles are doubles")
      return
    }
    #expect(least.sign == .minus)
    #expect(greatest.sign == .plus)
  }

  private static let minute: Int64 = 60_000

  @Test func everyFunctionPlansForEveryTypeThatItAccepts() throws {
    for function in AggregateCatalog.functions {
      let signature = function.signature
      #expect(AggregateCatalog.function(named: signature.name) == function)
      for type in signature.accepts {
        let lengths = signature.parameters.filter(\.isLengthOfTime).map { ($0.name, Self.minute) }
        let result = try Self.evaluate(
          signature.name, type, [], interval: Self.minute, Dictionary(uniqueKeysWithValues: lengths)
        )
        #expect([.null, .int(0), .double(0)].contains(result), "\(signature.name) of nothing")
      }
    }
    let names = AggregateCatalog.signatures.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(AggregateCatalog.function(named: "middle") == nil)
  }

  @Test func meanAndSumOfAFieldShareTheirPartial() {
    let sum = Sum.plan(input: .double, parameters: [:]).partials.map(\.identity)
    let mean = Mean.plan(input: .double, parameters: [:]).partials.map(\.identity)
    #expect(Set(sum).isSubset(of: mean))
    #expect(!mean.contains(Sum.plan(input: .int, parameters: [:]).partials[0].identity))
    let bounds = [64, 65].map { Distinct.plan(input: .int, parameters: ["exactUpTo": $0]) }
    #expect(bounds[0].partials[0].identity != bounds[1].partials[0].identity)
  }

  static func time(_ milliseconds: Int64) -> Value {
    .timestamp(Timestamp(milliseconds: milliseconds)!)
  }
}
