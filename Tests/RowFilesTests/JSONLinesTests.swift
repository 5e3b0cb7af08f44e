// JSON Lines: members in any order, nulls, and rows that are no objects.
import FeatureModel
import RowFiles
import Testing

struct JSONLinesTests {
  @Test("members stand in any order, undeclared ones are skipped, absent ones are null")
  func members() throws {
    let text = """
      {"a":"1","b":"2"}
      {"b":"2","x":{"a":[{"b":3}]},"a":"1"}\r

      { "z" : null , "b" : "2" }\t
      {"\\u0061":"escaped name"}
      {}
      """
    let reading = try read(Array(text.utf8), .jsonLines, strings("a", "b"))
    #expect(
      reading.texts == [
        ["1", "2"], ["1", "2"], [nil, "2"], ["escaped name", nil], [nil, nil],
      ])
    #expect(reading.lines == [1, 2, 4, 5, 6])
    #expect(reading.rejections.isEmpty)
    #expect(reading.raw[1] == Array(#"{"b":"2","x":{"a":[{"b":3}]},"a":"1"}"#.utf8))
  }

  @Test("a byte order mark at the start is skipped")
  func byteOrderMark() throws {
    let reading = try read(Array("\u{FEFF}{\"a\":\"1\"}\n".utf8), .jsonLines, strings("a"))
    #expect(reading.texts == [["1"]])
  }

  @Test(
    "a row that is no object, or no JSON, is refused as a whole",
    arguments: [
      ("[1]", "line 1: not a JSON object"), ("3", "line 1: not a JSON object"),
      (#"{"a":"1","a":"2"}"#, "line 1: field 'a': the object has this member twice"),
      (#"{"a":null,"a":"2"}"#, "line 1: field 'a': the object has this member twice"),
      (#"{"a":"1"}x"#, "line 1: not JSON at byte 10: only white space may follow the value"),
      (#"{"a":"1"} {}"#, "line 1: not JSON at byte 11: only white space may follow the value"),
      (#"{"a":"1""#, "line 1: not JSON at byte 9: the text ends early"),
      (#"{"a":nul}"#, "line 1: not JSON at byte 9: 'null' expected"),
    ])
  func badRows(_ text: String, _ reason: String) throws {
    let reading = try read(Array(text.utf8), .jsonLines, strings("a"))
    #expect(reading.rows.isEmpty)
    #expect(reading.rejections == [reason])
  }

  @Test("bytes that are not UTF-8 are refused inside strings")
  func invalidUTF8() throws {
    let bytes = Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8)
    let reading = try read(bytes, .jsonLines, strings("a"))
    #expect(reading.rejections == ["line 1: not JSON at byte 7: this is not UTF-8"])
  }
}
