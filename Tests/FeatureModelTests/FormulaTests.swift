// Formulas: what the reference says of each function is computed, what reads back to what, and what is refused
// with which words.
import FeatureModel
import Foundation
import Synchronization
import Testing

@Suite struct FormulaTests {
  static let mails = StreamDeclaration(
    name: "mails",
    fields: [
      .init(name: "sent", type: .timestamp), .init(name: "seen", type: .timestamp),
      .init(name: "sender", type: .string), .init(name: "subject", type: .string),
      .init(name: "lang", type: .string), .init(name: "size", type: .int),
      .init(name: "delta", type: .int), .init(name: "score", type: .double),
      .init(name: "spam", type: .bool), .init(name: "7d_N", type: .int),
    ],
    eventTime: 0, arrivalTime: nil, id: nil)

  static let row: [Value] = [
    .timestamp(Timestamp(parsing: "2026-11-25T16:13:00Z")!),
    .timestamp(Timestamp(parsing: "2026-11-25T16:13:05Z")!), .string("Ann@Mail.Example.org"),
    .string(" Re: Zoë "), .null, .int(7), .int(-3), .double(2.5), .bool(false), .int(10),
  ]

  static func value(_ text: String) throws -> Value {
    let (formula, type) = try FilterParser.parseFormula(text, mails.fields)
    let view = ViewDeclaration(
      name: "v", stream: "mails", entity: ["sender"], slice: .day, filter: nil, retention: nil,
      features: [], derived: [DerivedField(name: "d", type: type, formula: formula)])
    var batch = EventBatch(mails)
    batch.append(row)
    return RowDerivation(view, of: mails).extend(batch).columns[mails.fields.count].value(0)
  }

  static func problems(_ text: String) -> [String] {
    do throws(FilterError) {
      _ = try FilterParser.parseFormula(text, mails.fields)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test("the examples of the reference have the values it shows") func examples() throws {
    let page = ExampleTests.schemas.appending(path: "../docs/reference/expressions.md")
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
    var named: Set<String> = []
    for line in lines where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimming() }
      let formulas = Self.codes(cells[0])
      let values = cells[1] == "" ? [] : cells[1].split(separator: ", ").map { $0.trimming() }
      try #require(formulas.count == values.count, "\(line)")
      for (formula, value) in zip(formulas, values) {
        let expected = value == "null" ? "" : Self.codes(value)[0]
        #expect(try Self.value(formula).description == expected, "\(formula)")
        named.formUnion(formula.split { !$0.isLetter }.map(String.init))
      }
    }
    for function in FormulaFunction.allCases where function.rawValue.first!.isLetter {
      #expect(named.contains(function.rawValue) || function == .negate, "\(function)")
    }
  }

  /// What stands in backticks.
  private static func codes(_ text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  @Test(
    "a formula has one canonical text, which reads back to it",
    arguments: [
      ("7d_N/3", "`7d_N` / 3"), ("- -3", "3"), ("size-1-2", "(size - 1) - 2"),
      ("size - (1 - 2)", "size - (1 - 2)"), ("2 < size + 1", "(size + 1) > 2"),
      ("LOWER(sender)", "lower(sender)"), ("if(spam, null, size)", "if(spam = true, null, size)"),
      ("size + 1 not in (1, 2)", "not ((size + 1) = 1 or (size + 1) = 2)"), ("--size", "--size"),
    ])
  func canonical(text: String, expected: String) throws {
    let formula = try FilterParser.parseFormula(text, Self.mails.fields).formula
    #expect(FilterPrinter.text(formula, Self.mails.fields) == expected)
    #expect(try FilterParser.parseFormula(expected, Self.mails.fields).formula == formula)
  }

  @Test(
    "a mistake is shown with its place and the way out",
    arguments: [
      ("lower(sendr)", "at character 7: there is no field 'sendr'; did you mean 'sender'?"),
      ("lowr(sender)", "at character 1: there is no function 'lowr'; did you mean 'lower'?"),
      ("lower(size)", "at character 1: 'lower' takes string, not int; string(x) makes a text"),
      (
        "sender + 'x'",
        "at character 8: '+' does not take string and string together; texts are joined by concat(a, b)"
      ),
      (
        "size * sent",
        "at character 6: '*' takes int or double, not timestamp; millis(time) is a number"
      ),
      ("if(spam, 1, 'x')", "at character 1: both values of 'if' have one type, not int and string"),
      (
        "if(size, 1, 2)",
        "at character 1: 'if' asks a condition first, not int; compare it with something"
      ),
      ("before(sender)", "at character 1: 'before' takes 2 arguments, not 1"),
      ("null", "at character 1: nothing equals null; write 'is null' or 'is not null'"),
      ("size > sender", "at character 6: int and string do not compare"),
      (
        "if(5 in (5, 6), 1, 0)",
        "at character 4: a literal is looked for in a list; before 'in' is a field, or what is computed"
      ),
      ("size size", "at character 6: an operator or the end expected"),
    ])
  func mistakes(text: String, expected: String) { #expect(Self.problems(text) == [expected]) }

  @Test(
    "a mistake in what a view derives is shown where it stands",
    arguments: [
      (
        #""derive": {"d": "lower(autor)"}"#,
        [
          "1:42 $.derive.d: at character 7: there is no field 'autor'; did you mean 'author'?"
        ]
      ),
      (
        #""derive": {"author": "repo"}"#,
        [
          "1:37 $.derive.author: 'author' is a field of stream 'commits', or derived already; choose another name"
        ]
      ),
      (
        #""derive": []"#,
        [
          #"1:36 $.derive: computed fields expected, an object such as { "domain": "after(sender, '@')" }"#
        ]
      ),
    ])
  func derivedFields(derive: String, expected: [String]) {
    let text =
      #"{"view": "v", "stream": "commits", \#(derive), "entity": "author", "#
      + #""features": {"N": {"count": true, "windows": "7d"}}}"#
    let problems = Samples.problems(text)
    #expect(problems.map(Self.place) == expected.map(Self.place))
  }

  /// Without line and column.
  private static func place(_ problem: String) -> String {
    String(problem.drop { $0 != " " })
  }

  @Test(
    "a derived feature stands on features that are there, declared before where they are derived",
    arguments: [
      (#""7d_N / 30d_M""#, "at character 8: there is no field '30d_M'"),
      (#""later + 1""#, "at character 1: there is no field 'later'"),
      (#""1 + 1""#, "a derived feature stands on at least one feature of the view"),
      (#""ratio + 1""#, "at character 1: there is no field 'ratio'"),
    ])
  func derivedFeatures(derive: String, expected: String) {
    let text =
      #"{"view": "v", "stream": "commits", "entity": "author", "features": {"ratio": {"derive": "#
      + derive + #"}, "7d_N": {"count": true, "windows": "7d"}, "later": {"derive": "7d_N + 1"}}}"#
    let problems = Samples.problems(text)
    #expect(problems.count == 1 && problems.first?.contains(expected) == true, "\(problems)")
  }

  @Test("no chain of operators can exhaust the stack") func length() {
    let chain = { (count: Int) in String(repeating: "size + ", count: count) + "1" }
    #expect(Self.problems(chain(200)) == [])
    #expect(Self.problems(chain(100_000)).count == 1)
    #expect(Self.problems(String(repeating: "-", count: 100_000) + "size").count == 1)
  }

  private static func times(_ count: Int, _ text: String) -> String {
    String(repeating: text, count: count)
  }

  private static func names(_ count: Int) -> String {
    (0..<count).map { "'r\($0)'" }.joined(separator: ", ")
  }

  static let writable: [String] = [
    times(200, "parents + ") + "parents",
    "if(lower(repo) in (\(names(5000))), 1, 0)",
    "if(lower(repo) not in (\(names(500))) or parents = 1, 1, 0)",
    "if(\(times(199, "parents * "))parents in (-1, 0, 1), 1, 0)",
    times(99, "(") + times(149, "parents - ") + "parents" + times(99, ")"),
    times(190, "- ") + "parents",
    times(199, "if(parents = 1, 1, ") + "parents" + times(199, ")"),
  ]

  @Test("what may be written may be written again as it is shown", arguments: writable)
  func canonical(formula: String) throws {
    let view = try Samples.view(
      #"{"view": "v", "stream": "commits", "derive": {"d": "\#(formula)"}, "entity": "author", "#
        + #""features": {"S": {"sum": "d", "windows": "7d"}}}"#)
    let text = CanonicalForm.text(view, over: Samples.stream)
    for limits in [FormulaLimits.written, .canonical] {
      let reader = DeclarationReader(signatures: Samples.signatures, limits: limits)
      let again = try reader.readView(text, over: Samples.stream)
      #expect(again.derived == view.derived)
      #expect(CanonicalForm.text(again, over: Samples.stream) == text)
    }
  }

  @Test("each test of a computed value counts, but for those of the same with other values")
  func countedTests() {
    let tests = { (count: Int, test: (Int) -> String) in
      Self.problems(
        "if(" + (0..<count).map(test).joined(separator: " or ") + ", 1, 0)")
    }
    #expect(tests(5000) { "size + 1 = \($0)" } == [])
    #expect(tests(199) { "size + \($0) = 1" } == [])
    #expect(tests(200) { "size + \($0) = 1" }.first?.contains("at most 200 operations") == true)
    #expect(tests(200) { "size + 1 = size + \($0)" }.count == 1)
    #expect(tests(5000) { "size = -\($0)" } == [])
  }

  @Test("the deepest texts fit on the small stack of a thread") func stack() throws {
    let texts = [
      Self.times(399, "(") + "size" + Self.times(399, ")"),
      Self.times(199, "if(size in (1, 2) or ") + "size > 1" + Self.times(199, ", true, false)"),
      Self.times(100, "coalesce(abs(") + "size" + Self.times(100, "), 1)"),
    ]
    let values = Mutex<[String]>([])
    let thread = Thread {
      for text in texts {
        let read = try? FilterParser.parseFormula(text, Self.mails.fields)
        let printed = read.map { FilterPrinter.text($0.formula, Self.mails.fields) }
        let value = printed.flatMap { try? Self.value($0).description }
        values.withLock { $0.append(value ?? "none") }
      }
    }
    thread.stackSize = 512 << 10
    thread.start()
    while !thread.isFinished { usleep(1000) }
    #expect(values.withLock { $0 } == ["7", "true", "7"])
  }

  @Test(
    "where types are not known, nothing is held against a formula that may be right",
    arguments: [
      "hourOfDay(a + 1)", "hourOfDay(1 + a)", "hourOfDay(a - 1)", "dayOfWeek(a - b)",
      "millis(a + b)",
      "abs(a - b)", "if(a + 1 > '2026-01-01', 1, 0)",
    ])
  func unknownTypes(formula: String) throws { try FilterParser.checkFormula(formula) }

  @Test("a sign behind a name that begins with a digit is an operator") func names() throws {
    let fields = ["24h_RATE", "7d_SIZE", "7d_N"].map {
      StreamDeclaration.Field(name: $0, type: .int)
    }
    let formula = { (text: String) in try FilterParser.parseFormula(text, fields).formula }
    #expect(try formula("7d_SIZE-24h_RATE") == formula("7d_SIZE - 24h_RATE"))
    #expect(try formula("24h_RATE+1-7d_N") == formula("24h_RATE + 1 - 7d_N"))
    #expect(try formula("7d_N*1e-3-2.5E+1") == formula("7d_N * 0.001 - 25.0"))
  }

  @Test("two spellings of a letter are two texts") func spellings() throws {
    let formula = { (text: String) in
      try FilterParser.parseFormula("if(sender = '\(text)', 1, 0)", Self.mails.fields).formula
    }
    #expect(try formula("caf\u{E9}") != formula("cafe\u{301}"))
    #expect(try formula("caf\u{E9}") == formula("caf\u{E9}"))
    #expect(Set([Value.string("\u{E9}"), .string("e\u{301}"), .string("\u{E9}")]).count == 2)
  }
}

extension Substring {
  fileprivate func trimming() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
