// Filters at work, against a judge that evaluates the same filter on one row of plain values.
import FeatureModel
import Testing

@Suite struct FilterEvaluatorTests {
  /// Nil is unknown. Numbers are compared exactly, by their decimal expansions' owner: 128-bit
  /// integers.
  static func judge(_ filter: Filter, _ row: [Value]) -> Bool? {
    switch filter {
    case .isNull(let field): return row[field] == .null
    case .compared, .unknown, .holds: fatalError("the judge computes nothing")
    case .not(let inner): return judge(inner, row).map { !$0 }
    case .and(let parts):
      let results = parts.map { judge($0, row) }
      return results.contains(false) ? false : results.contains(nil) ? nil : true
    case .or(let parts):
      let results = parts.map { judge($0, row) }
      return results.contains(true) ? true : results.contains(nil) ? nil : false
    case .contained(let field, let values):
      if row[field] == .null { return nil }
      return values.contains { order(row[field], $0) == 0 }
    case .compare(let field, let comparison, let value):
      if row[field] == .null || value == .null { return nil }
      let order = order(row[field], value)
      switch comparison {
      case .equal: return order == 0
      case .notEqual: return order != 0
      case .less: return order < 0
      case .lessOrEqual: return order <= 0
      case .greater: return order > 0
      case .greaterOrEqual: return order >= 0
      }
    }
  }

  static func order(_ left: Value, _ right: Value) -> Int {
    func sign<T: Comparable>(_ left: T, _ right: T) -> Int {
      left < right ? -1 : left == right ? 0 : 1
    }
    switch (left, right) {
    case (.string(let left), .string(let right)):
      return left.utf8.lexicographicallyPrecedes(right.utf8)
        ? -1 : left.utf8.elementsEqual(right.utf8) ? 0 : 1
    case (.bool(let left), .bool(let right)): return sign(left ? 1 : 0, right ? 1 : 0)
    case (.timestamp(let left), .timestamp(let right)): return sign(left, right)
    case (.int(let left), .int(let right)): return sign(left, right)
    case (.double(let left), .double(let right)): return sign(left, right)
    case (.int(let left), .double(let right)): return exactOrder(left, right)
    case (.double(let left), .int(let right)): return -exactOrder(right, left)
    default: fatalError("values of different kinds")
    }
  }

  /// Twice the whole number against the double, once the double's size allows it; fractions beyond
  /// a half are settled by rounding.
  static func exactOrder(_ int: Int64, _ double: Double) -> Int {
    if abs(double) >= 0x1p64 { return double > 0 ? -1 : 1 }
    let whole = Int128(double.rounded(.towardZero))
    let fraction = double - double.rounded(.towardZero)
    if Int128(int) != whole { return Int128(int) < whole ? -1 : 1 }
    return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
  }

  static let cases: [(String, [Value], Bool?)] = {
    let base: [Value] = [
      .timestamp(Timestamp(milliseconds: 0)!), .null, .string("e1"), .string("ann"), .string(""),
      .int(1),
      .null, .double(0.5), .bool(false), .int(.max),
    ]
    let expectations: [(String, Bool?)] = [
      ("parents = 1", true), ("parents < 1", false), ("parents < 1.5", true),
      ("parents > 0.5", true),
      ("parents >= 1.0000000000000002", false), ("parents != 1.5", true), ("parents = 1.5", false),
      ("lines_added = 1", nil), ("lines_added != 1", nil), ("not lines_added = 1", nil),
      ("lines_added is null", true), ("lines_added is not null", false),
      ("lines_added in (1, 2)", nil),
      ("lines_added not in (1, 2)", nil), ("lines_added < 0.5", nil), ("lines_added < 1e300", nil),
      ("lines_added = 1 or parents = 1", true), ("lines_added = 1 and parents = 1", nil),
      ("lines_added = 1 and parents = 2", false), ("lines_added = 1 or parents = 2", nil),
      ("not (lines_added = 1 and parents = 2)", true),
      ("not (lines_added = 1 or parents = 2)", nil),
      ("repo = ''", true), ("repo < 'a'", true), ("repo is null", false),
      ("author in ('ann', 'bob')", true),
      ("author not in ('ann')", false), ("author > 'an'", true), ("author < 'anna'", true),
      ("author >= 'ann'", true),
      ("is_bot", false), ("not is_bot", true), ("is_bot in (true, false)", true),
      ("score = 0.5", true), ("score < 1", true), ("score > 9007199254740993", false),
      ("score in (1, 0.5)", true), ("score in (1, 2)", false), ("parents < 1e300", true),
      ("parents > -1e300", true),
      ("parents > 1e300", false), ("parents < -1e300", false),
      ("`odd name``s` < 9223372036854775808", true), ("`odd name``s` >= 9223372036854775807", true),
      ("`odd name``s` <= 9223372036854774784.0", false),
      ("`odd name``s` > -9223372036854775808", true),
      ("event_time = 0", true), ("event_time >= '1970-01-01'", true),
      ("event_time < '1970-01-01'", false),
      ("arrival_time > 0", nil),
    ]
    return expectations.map { ($0.0, base, $0.1) }
  }()

  @Test("the truth of each test, with nulls as in SQL", arguments: 0..<cases.count)
  func truth(index: Int) throws {
    let (text, row, expected) = Self.cases[index]
    let filter = try FilterParser.parse(text, stream: Samples.stream)
    var batch = EventBatch(Samples.stream)
    batch.append(row)
    #expect(Self.judge(filter, row) == expected, "\(text): the judge")
    for (candidate, truth) in [(filter, expected), (.not(filter), expected.map { !$0 })] {
      let evaluator = FilterEvaluator(candidate, stream: Samples.stream)
      var selected: [UInt8] = [9, 9, 9]
      evaluator.select(batch, into: &selected)
      #expect(selected == [truth == true ? 1 : 0], "\(text)")
      #expect(evaluator.matches(batch, row: 0) == (truth == true), "\(text)")
    }
  }

  @Test("random filters select what the judge selects", arguments: [51 as UInt64, 52, 53])
  func randomFilters(seed: UInt64) throws {
    var random = SeededRandom(seed)
    let rows = (0..<120).map { _ in Self.row(&random) }
    var batch = EventBatch(Samples.stream)
    for row in rows { batch.append(row) }
    for _ in 0..<300 {
      let filter = Self.filter(3, &random)
      let evaluator = FilterEvaluator(filter, stream: Samples.stream)
      var selected: [UInt8] = []
      evaluator.select(batch, into: &selected)
      let expected = rows.map { Self.judge(filter, $0) == true ? UInt8(1) : 0 }
      let text = FilterPrinter.text(filter, stream: Samples.stream)
      #expect(selected == expected, "\(text), seed \(seed)")
      #expect(rows.indices.map { evaluator.matches(batch, row: $0) ? 1 : 0 } == expected)
      // The text means the same, though nested parts come back flat.
      let read = try FilterParser.parse(text, stream: Samples.stream)
      #expect(rows.map { Self.judge(read, $0) == true ? UInt8(1) : 0 } == expected, "\(text)")
    }
  }

  static func row(_ random: inout SeededRandom) -> [Value] {
    Samples.stream.fields.map { random.chance(25) ? .null : value($0.type, &random) }
  }

  static func value(_ type: FieldType, _ random: inout SeededRandom) -> Value {
    switch type {
    case .int:
      return .int(
        random.chance(20)
          ? [.min, .max, 1 << 53 + 1].randomElement(using: &random)!
          : .random(in: -3...3, using: &random))
    case .double:
      return .double(
        random.chance(20)
          ? [-0.0, 0x1p53, 1e300, -1e300].randomElement(using: &random)!
          : .random(in: -3...3, using: &random).rounded(.down) / 2)
    case .string:
      return .string(["", "a", "ab", "b", "é", "e\u{301}"].randomElement(using: &random)!)
    case .bool: return .bool(random.chance(50))
    case .timestamp:
      return .timestamp(Timestamp(milliseconds: .random(in: -3...3, using: &random))!)
    }
  }

  /// A value to compare a field with: int and double fields get both.
  static func literal(_ type: FieldType, _ random: inout SeededRandom) -> Value {
    let isNumber = type == .int || type == .double
    return value(isNumber ? (random.chance(50) ? .int : .double) : type, &random)
  }

  static func filter(_ depth: Int, _ random: inout SeededRandom) -> Filter {
    let field = Int.random(in: Samples.stream.fields.indices, using: &random)
    let type = Samples.stream.fields[field].type
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: return .isNull(field: field)
    case 1: return .contained(field: field, in: (0..<3).map { _ in literal(type, &random) })
    case 2, 3, 4:
      let comparisons: [Filter.Comparison] =
        type == .bool ? [.equal, .notEqual] : Filter.Comparison.allCases
      return .compare(
        field: field, comparisons.randomElement(using: &random)!, literal(type, &random))
    case 5: return .not(filter(depth - 1, &random))
    case 6: return .and((0..<2).map { _ in filter(depth - 1, &random) })
    default: return .or((0..<3).map { _ in filter(depth - 1, &random) })
    }
  }
}
