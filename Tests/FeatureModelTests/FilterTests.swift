// The filter language: what reads to what, what is refused and with which words.
import FeatureModel
import Testing

@Suite struct FilterTests {
  static func text(_ filter: String) throws -> String {
    FilterPrinter.text(
      try FilterParser.parse(filter, stream: Samples.stream), stream: Samples.stream)
  }

  static func problems(_ filter: String) -> [String] {
    do throws(FilterError) {
      _ = try FilterParser.parse(filter, stream: Samples.stream)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test(
    "texts that mean the same become one text, which reads back to the same filter",
    arguments: [
      ("parents<2", "parents < 2"), ("parents == 2.0", "parents = 2"),
      ("parents<>-3", "parents != -3"), ("2 > parents", "parents < 2"),
      ("parents < 1.5", "parents < 1.5"), ("score >= 2", "score >= 2.0"),
      ("score = -0.0", "score = 0.0"),
      ("is_bot", "is_bot = true"), ("NOT is_bot", "not is_bot = true"),
      ("is_bot != FALSE", "is_bot != false"),
      ("not not is_bot", "is_bot = true"), ("not (not (is_bot))", "is_bot = true"),
      ("repo in ('b','a', 'b')", "repo in ('a', 'b')"), ("repo NOT IN ('x')", "repo not in ('x')"),
      ("not repo in ('x')", "repo not in ('x')"), ("author is  not null", "author is not null"),
      ("not author is null", "author is not null"), ("author = 'it''s'", "author = 'it''s'"),
      ("`odd name``s` > 1", "`odd name``s` > 1"), ("\"odd name`s\" > 1", "`odd name``s` > 1"),
      ("`parents` > 1", "parents > 1"),
      ("parents in (3, 1.5, 2.0, 1)", "parents in (1, 1.5, 2, 3)"),
      ("event_time >= '2026-11-22'", "event_time >= '2026-11-22T00:00:00Z'"),
      ("event_time < 0", "event_time < '1970-01-01T00:00:00Z'"),
      (
        "parents < 2 and (repo in ('a', 'b') or author is not null) and not is_bot",
        "parents < 2 and (repo in ('a', 'b') or author is not null) and not is_bot = true"
      ),
      ("is_bot and (parents = 1 and score < 1)", "is_bot = true and parents = 1 and score < 1.0"),
      ("is_bot or parents = 1 and score < 1", "is_bot = true or (parents = 1 and score < 1.0)"),
      ("not (is_bot or parents = 1)", "not (is_bot = true or parents = 1)"),
      ("score < 9007199254740993", "score < 9007199254740993"),
      ("parents < 1e300", "parents < 1e+300"),
    ])
  func canonical(filter: String, expected: String) throws {
    #expect(try Self.text(filter) == expected)
    #expect(try Self.text(expected) == expected)
    #expect(
      try FilterParser.parse(filter, stream: Samples.stream)
        == FilterParser.parse(expected, stream: Samples.stream))
  }

  @Test(
    "a mistake is shown with its place and the way out",
    arguments: [
      ("parent < 2", ["at character 1: there is no field 'parent'; did you mean 'parents'?"]),
      (
        "is_bot and qqq = 1",
        [
          "at character 12: there is no field 'qqq'; there are event_time, arrival_time, event_id, author, repo, "
            + "parents, lines_added, score, is_bot, odd name`s"
        ]
      ),
      (
        "",
        [
          "at character 1: a field name expected; a test begins with the field, as in event_time is not null"
        ]
      ),
      (
        "2 > 1",
        ["at character 3: two literals are compared; one side is a field, or computed from one"]
      ),
      (
        "parents",
        ["at character 8: a comparison expected: 'parents' is int, only a bool field stands alone"]
      ),
      ("parents < 'x'", ["at character 11: 'parents' is int: a number expected, not a text"]),
      (
        "repo = 1",
        ["at character 8: 'repo' is string: a text in single quotes expected, not a number"]
      ),
      (
        "repo = git",
        [
          "at character 8: there is no field 'git'; is it a text, in single quotes?"
        ]
      ),
      ("repo = null", ["at character 8: nothing equals null; write 'is null' or 'is not null'"]),
      ("is_bot > true", ["at character 8: a bool field has no order; compare it with = or !="]),
      ("is_bot = 1", ["at character 10: 'is_bot' is bool: true or false expected, not a number"]),
      (
        "event_time > 'yesterday'",
        [
          "at character 14: 'yesterday' is no time; write it as '2026-11-22' or '2026-11-22T13:17:02Z'"
        ]
      ),
      (
        "event_time > 1.5",
        [
          "at character 14: 'event_time' is timestamp: a time in single quotes, or epoch milliseconds, expected, "
            + "not a number"
        ]
      ),
      (
        "event_time > 999999999999999999",
        ["at character 14: 999999999999999999 lies outside of the years 0001 to 9999"]
      ),
      ("parents is 2", ["at character 12: 'null' or 'not null' must follow 'is'"]),
      ("parents not 2", ["at character 13: 'in' must follow this 'not'"]),
      ("parents in 2", ["at character 12: '(' must follow 'in'"]),
      ("parents in (2", ["at character 14: ',' or ')' expected"]),
      ("parents in ()", ["at character 13: a value expected: a number, 'text', true or false"]),
      ("(is_bot", ["at character 8: ')' expected"]),
      ("is_bot)", ["at character 7: 'and', 'or' or the end expected"]),
      ("is_bot is_bot", ["at character 8: 'and', 'or' or the end expected"]),
      ("parents < 2x", ["at character 11: '2x' is no number; texts stand in single quotes"]),
      ("repo = 'x", ["at character 8: this text has no closing '"]),
      ("!is_bot", ["at character 1: '!' stands for nothing; write 'not' or '!='"]),
      (
        "parents < 2 && is_bot",
        [
          "at character 13: '&' means nothing here; quote texts as 'text' and odd field names as `name`"
        ]
      ),
      (
        "paren < 2 and rep = 'é' and scor = 'x' and score = 'x'",
        [
          "at character 1: there is no field 'paren'; did you mean 'parents'?",
          "at character 15: there is no field 'rep'; did you mean 'repo'?",
          "at character 29: there is no field 'scor'; did you mean 'score'?",
          "at character 52: 'score' is double: a number expected, not a text",
        ]
      ),
    ])
  func mistakes(filter: String, expected: [String]) {
    #expect(Self.problems(filter) == expected)
  }

  @Test("nesting is limited, so that no text can exhaust the stack") func nesting() {
    let deep = { (count: Int) in
      String(repeating: "(", count: count) + "is_bot" + String(repeating: ")", count: count)
    }
    #expect(Self.problems(deep(399)) == [])
    #expect(Self.problems(deep(100_000)) == ["at character 401: nested more than 400 deep"])
    #expect(Self.problems(String(repeating: "not ", count: 100_000)).count == 1)
  }

  @Test("no text of tokens in any order brings the parser down") func randomTexts() {
    let words = [
      "and", "or", "not", "in", "is", "null", "(", ")", ",", "=", "<", "'a'", "1", "1.5", "parents",
      "repo", "is_bot",
      "true", "`", "'", "\"", "!", "-", "é",
    ]
    var random = SeededRandom(41)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
        words.randomElement(using: &random)!
      }
      let joined = text.joined(separator: " ")
      if Self.problems(joined).isEmpty {
        let canonical = try? Self.text(joined)
        #expect(canonical != nil && (try? Self.text(canonical!)) == canonical, "\(joined)")
      }
    }
  }
}
