// The functions beyond sums and extremes: worked values, ties, bounds, and what happens beyond the bounds.
import Aggregates
import FeatureModel
import Testing

@Suite("Moments, times, lists and sketches give the values that their pages promise")
struct FurtherFunctionTests {
  typealias Row = (
    function: String, type: FieldType?, values: [Value], parameters: [String: Int64],
    expected: Value
  )

  @Test(arguments: moments + shares + times + lists + tallies + sketches)
  func aFunctionGivesTheValue(_ row: Row) throws {
    let result = try FunctionTests.evaluate(
      row.function, row.type, row.values, row.parameters, start: 10_000)
    #expect(result == row.expected, "\(row.function) of \(row.values)")
  }

  /// Those of pandas 2.2: `skew()` and `kurt()`, to its last digits.
  static let moments: [Row] = [
    ("skew", .int, ints(1, 2), [:], .null),
    ("skew", .int, ints(1, 2, 9), [:], .double(1.6300591617118863)),
    ("skew", .int, ints(9, 2, 1), [:], .double(1.6300591617118863)),
    ("skew", .int, ints(-1, -2, -9), [:], .double(-1.6300591617118863)),
    ("skew", .int, ints(1, 2, 3), [:], .double(0)),
    ("skew", .double, doubles(0.1, 0.1, 0.1), [:], .double(0)),
    ("kurtosis", .int, ints(1, 2, 3), [:], .null),
    ("kurtosis", .int, ints(1, 2, 3, 4), [:], .double(-1.2)),
    ("kurtosis", .int, ints(1, 1, 1, 9), [:], .double(4)),
    ("kurtosis", .double, doubles(5, 5, 5, 5), [:], .double(0)),
    ("skew", .double, doubles(1e300, 1e300, 1e-300), [:], .double(-1.7320508075688772)),
    ("kurtosis", .double, doubles(1e300, 1e300, 1e300, 1e-300), [:], .double(4)),
    ("sumOfSquares", .int, ints(3, -4), [:], .int(25)),
    ("sumOfSquares", .int, ints(.max), [:], .null),
    ("sumOfSquares", .double, doubles(1e200, 1), [:], .null),
    ("rms", .int, ints(1, 7), [:], .double(5)), ("rms", .double, [.null], [:], .null),
    ("range", .int, ints(3, -4, 0), [:], .int(7)), ("range", .int, ints(.max, .min), [:], .null),
    ("range", .double, doubles(0.5), [:], .double(0)),
    ("range", .timestamp, [FunctionTests.time(5), FunctionTests.time(-5)], [:], .int(10)),
  ]

  static let shares: [Row] = [
    ("nullCount", .string, [.null, .string("a"), .null], [:], .int(2)),
    ("nullRatio", .int, [.null, .int(1), .null, .null], [:], .double(0.75)),
    ("nullRatio", .int, [], [:], .null),
    ("countTrue", .bool, [.bool(true), .null, .bool(false), .bool(true)], [:], .int(2)),
    ("trueRatio", .bool, [.bool(true), .null, .bool(false)], [:], .double(0.5)),
    ("trueRatio", .bool, [.null], [:], .null),
    ("distinctRatio", .int, ints(1, 1, 2, 3), [:], .double(0.75)),
    ("distinctRatio", .double, doubles(0, -0.0), [:], .double(0.5)),
    ("distinctRatio", .int, [.null], [:], .null),
  ]

  /// Events happen at 0, 1000, 2000, ...; the request's slice begins at 10,000.
  static let times: [Row] = [
    ("firstTime", nil, [.null, .null], [:], FunctionTests.time(0)),
    ("firstTime", .string, [.null, .string("a"), .string("b")], [:], FunctionTests.time(1000)),
    ("lastTime", .int, [.int(1), .int(2), .null], [:], FunctionTests.time(1000)),
    ("lastTime", .int, [.null], [:], .null),
    ("latest", .int, [.int(1), .int(2)], [:], .int(2)),
    ("latest", .int, [.int(1), .int(2), .null], [:], .null),
    ("latest", .double, [.null, .double(-0.5)], [:], .double(-0.5)),
    ("latest", .string, [.string("b"), .string("a")], [:], .string("a")),
    ("latest", .string, [.string("b"), .null], [:], .null),
    ("latest", .bool, [.null, .bool(false)], [:], .bool(false)),
    ("latest", .timestamp, [.null], [:], .null), ("latest", .string, [], [:], .null),
    ("sinceFirst", nil, [.null, .null], [:], .int(10_000)),
    ("sinceLast", .bool, [.bool(true), .bool(false), .null], [:], .int(9000)),
    ("sinceLast", .bool, [.null], [:], .null),
  ]

  static let lists: [Row] = [
    (
      "firstK", .int, ints(9, 8, 7), ["k": 2],
      .string(#"[["1970-01-01T00:00:00Z",9],["1970-01-01T00:00:01Z",8]]"#)
    ),
    (
      "lastK", .string, [.string("x"), .string("a\"b"), .null], ["k": 5],
      .string(#"[["1970-01-01T00:00:01Z","a\"b"],["1970-01-01T00:00:00Z","x"]]"#)
    ),
    ("firstK", .int, [.null], [:], .null),
    ("smallestK", .double, doubles(2.5, -1, 2.5, 0.25), ["k": 3], .string("[-1.0,0.25,2.5]")),
    ("largestK", .int, ints(1, 5, 5, 3), ["k": 3], .string("[5,5,3]")),
    (
      "largestK", .string, [.string("z"), .string("é"), .string("")], ["k": 2],
      .string(#"["é","z"]"#)
    ),
    ("smallestK", .bool, [.bool(true), .bool(false)], [:], .string("[false,true]")),
    ("largestK", .string, [.null], [:], .null),
  ]

  static let tallies: [Row] = [
    (
      "topK", .string, ["b", "a", "b", "c"].map { .string($0) }, ["k": 2],
      .string(#"[["b",2],["a",1]]"#)
    ),
    ("topK", .double, doubles(0, -0.0, 1), ["k": 1], .string("[[0.0,2]]")),
    ("topK", .bool, [.null], [:], .null),
    (
      "valueCounts", .int, ints(10, 9, 10, -1), [:],
      .string(#"{"counts":{"-1":1,"10":2,"9":1},"others":0}"#)
    ),
    ("valueCounts", .string, [.null], [:], .null),
    ("mode", .string, ["b", "a", "a", "b"].map { .string($0) }, [:], .string("a")),
    ("mode", .int, ints(5, 7, 7), [:], .int(7)), ("mode", .int, [.null], [:], .null),
    ("mode", .int, ints(1, 2, 3, 4), ["keep": 2], .null),
    ("modeRatio", .string, ["b", "a", "a", "b", "c"].map { .string($0) }, [:], .double(0.4)),
    ("modeRatio", .int, [.int(7), .null, .int(7), .int(1)], [:], .double(2.0 / 3.0)),
    ("modeRatio", .int, [.null], [:], .null),
    ("modeRatio", .int, ints(1, 2, 3, 4), ["keep": 1], .null),
    ("modeRatio", .int, ints(1, 2, 3, 4), ["keep": 2], .null),
    ("modeRatio", .int, ints(1, 2, 3), ["keep": 2], .double(1.0 / 3.0)),
    ("entropy", .int, ints(1, 2, 3, 4), [:], .double(2)),
    ("entropy", .int, ints(1, 1, 1), [:], .double(0)),
    ("entropy", .bool, [.bool(true), .bool(false), .null], [:], .double(1)),
    ("entropy", .int, ints(1, 1, 2), [:], .double(0.9182958340544896)),
    ("entropy", .int, [.null], [:], .null),
  ]

  /// The double 0.3 lies a little below three tenths, and in the step before them.
  static let sketches: [Row] = [
    ("median", .int, ints(1, 2, 3, 4), [:], .double(2.01980198019802)),
    ("quantile", .int, ints(0, 0, 5), ["permille": 0], .double(0)),
    ("quantile", .double, [.null], [:], .null),
    (
      "histogram", .int, ints(-1, 0, 9, 10, 11, 29, 30), ["width": 10, "buckets": 3],
      .string("[1,2,2,1,1]")
    ),
    (
      "histogram", .double, doubles(0.1, 0.25, 0.3, 1e300, -.leastNonzeroMagnitude),
      ["width": 1, "buckets": 3, "per": 10], .string("[1,0,1,2,1]")
    ),
    ("histogram", .int, [.null], ["width": 10, "buckets": 3], .null),
  ]

  @Test func beyondItsBoundATallyKeepsExactCountsOfAFixedSample() throws {
    let values = (0..<1000).flatMap { ints(Int64($0), Int64($0 % 100)) }
    for function in ["topK", "valueCounts"] {
      let text = try FunctionTests.evaluate(function, .int, values, ["k": 1000, "keep": 64])
      let again = try FunctionTests.evaluate(
        function, .int, values.reversed(), ["k": 1000, "keep": 64])
      #expect(text == again)
    }
    let top = try FunctionTests.evaluate("topK", .int, values, ["k": 1000, "keep": 64])
    guard case .string(let text) = top, case .array(let pairs) = try JSONValue.parse(text).content
    else { throw Failure() }
    #expect(pairs.count == 65)
    var known: Int64 = 0
    for pair in pairs {
      guard case .array(let parts) = pair.content, case .int(let count) = parts[1].content else {
        throw Failure()
      }
      known += count
      if case .int(let value) = parts[0].content { #expect(count == (value < 100 ? 11 : 1)) }
    }
    #expect(known == 2000)
  }

  @Test func anEstimatedEntropyIsCloseForEvenValues() throws {
    let values = ints(contentsOf: (0..<20_000).map { Int64($0 % 5000) })
    guard case .double(let bits) = try FunctionTests.evaluate("entropy", .int, values, [:]) else {
      throw Failure()
    }
    #expect(abs(bits - 12.2877) < 0.4)
  }

  @Test(arguments: [1, 10, 50, 333])
  func aQuantileIsWithinTheDeclaredError(permille: Int64) throws {
    var random = Seeded(7)
    let numbers = (0..<500).map { _ in
      Double.random(in: -1...1, using: &random) * 1e6 / Double.random(in: 0.001...1, using: &random)
    }
    for rank in [0, 100, 500, 900, 1000] {
      let parameters: [String: Int64] = [
        "permille": Int64(rank), "errorPermille": permille, "maxBuckets": 65_536,
      ]
      let value = try FunctionTests.evaluate(
        "quantile", .double, numbers.map { .double($0) }, parameters)
      guard case .double(let found) = value else { throw Failure() }
      let wanted = numbers.sorted()[499 * rank / 1000]
      #expect(abs(found / wanted - 1) <= Double(permille) / 1000 * 1.000_001)
    }
  }

  @Test func quantilesOfOneErrorShareTheirBuckets() {
    let plans = [250, 990].map { Quantile.plan(input: .double, parameters: ["permille": $0]) }
    #expect(plans[0].partials[0].identity == plans[1].partials[0].identity)
    #expect(
      Median.plan(input: .double, parameters: [:]).partials[0].identity
        == plans[0].partials[0].identity)
  }

  private struct Failure: Error {}

  static func ints(_ values: Int64...) -> [Value] { values.map { .int($0) } }
  static func ints(contentsOf values: [Int64]) -> [Value] { values.map { .int($0) } }
  static func doubles(_ values: Double...) -> [Value] { values.map { .double($0) } }

  private func ints(_ values: Int64...) -> [Value] { values.map { .int($0) } }
  private func ints(contentsOf values: [Int64]) -> [Value] { values.map { .int($0) } }
}
