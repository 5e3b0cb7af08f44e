// Trees from text and text from trees.
import FeatureModel
import Testing

@Suite struct JSONValueTests {
  @Test("members keep their order and nodes know their places") func positions() throws {
    let value = try JSONValue.parse("{ \"é\": 1,\n  \"a\": [true,\n null] }")
    guard case .object(let members) = value.content else {
      Issue.record("no object")
      return
    }
    #expect(members.map(\.name) == ["é", "a"])
    #expect(members.map { "\($0.position!)/\($0.value.position!)" } == ["1:3/1:8", "2:3/2:8"])
    guard case .array(let elements) = value["a"]?.content else {
      Issue.record("no array")
      return
    }
    #expect(
      elements.map { $0.position! } == [.init(line: 2, column: 9), .init(line: 3, column: 2)])
    #expect(value["b"] == nil)
  }

  @Test(
    "defects of a tree are found",
    arguments: [
      (#"{"a":1,"b":2,"a":3}"#, "byte 13: the name 'a' occurs twice"),
      ("[1e999]", "byte 1: the number is too large for a double"),
      ("1 2", "byte 2: only white space may follow the value"),
    ])
  func defects(text: String, expected: String) {
    #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    do { _ = try JSONValue.parse(text) } catch { #expect(error.description == expected) }
  }

  @Test(
    "the compact form is minimal and the same for equal values",
    arguments: [
      (#" { "b" : [ 1 , 2.50 , 1e2 , -0 ] , "a" : { } } "#, #"{"b":[1,2.5,100.0,0],"a":{}}"#),
      (#""\u0041\/\u001f\n\t\r\b\f\"\\é\ud83d\ude00""#, #""A/\u001f\n\t\r\b\f\"\\é😀""#),
      ("18446744073709551616", "1.8446744073709552e+19"), ("[0.1,5e-324]", "[0.1,5e-324]"),
      ("[[],{},null,true,false]", "[[],{},null,true,false]"),
    ])
  func compact(text: String, expected: String) throws {
    let value = try JSONValue.parse(text)
    #expect(value.compact == expected)
    #expect(try JSONValue.parse(expected) == value)
    #expect(try JSONValue.parse(value.pretty) == value)
  }

  @Test("the indented form keeps lists of scalars on one line") func pretty() {
    let value: JSONValue = .object([
      ("a", [1, "x"]), ("b", .object([("c", [[1], []])])), ("d", .object([])),
    ])
    #expect(
      value.pretty == """
        {
          "a": [1, "x"],
          "b": {
            "c": [
              [1],
              []
            ]
          },
          "d": {}
        }
        """)
  }

  @Test("any tree reads back from its text", arguments: [31 as UInt64, 32])
  func roundTrip(seed: UInt64) throws {
    var random = SeededRandom(seed)
    for _ in 0..<2000 {
      let value = Self.tree(4, &random)
      #expect(try JSONValue.parse(value.compact) == value, "seed \(seed)")
      #expect(try JSONValue.parse(value.pretty) == value, "seed \(seed)")
    }
  }

  static func tree(_ depth: Int, _ random: inout SeededRandom) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(random.chance(50))
    case 2:
      return .int(Int64(bitPattern: random.next() >> UInt64.random(in: 0..<64, using: &random)))
    case 3:
      let value = Double(bitPattern: random.next())
      return .double(value.isFinite ? value : 0.5)
    case 4, 5: return .string(text(&random))
    case 6:
      return .array(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in tree(depth - 1, &random) })
    default:
      let count = Int.random(in: 0..<4, using: &random)
      return .object((0..<count).map { ("\($0)" + text(&random), tree(depth - 1, &random)) })
    }
  }

  static func text(_ random: inout SeededRandom) -> String {
    let alphabet: [Character] = ["a", "\"", "\\", "\n", "\u{0}", "\u{1F}", "/", "é", "日", "😀", " "]
    return String(
      (0..<Int.random(in: 0..<12, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      })
  }
}
