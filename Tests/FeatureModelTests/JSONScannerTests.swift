// The tokenizer against texts that are and are not JSON: kinds, ranges, offsets of errors, and that
// damaged bytes end in an error or in a sound token, never outside of the buffer.
import FeatureModel
import Testing

@Suite struct JSONScannerTests {
  /// One letter per token, or the error.
  static func trace(_ text: [UInt8], _ options: JSONScanner.Options = []) -> String {
    text.withUnsafeBytes { bytes in
      var scanner = JSONScanner(bytes, options: options)
      var result = ""
      do throws(JSONError) {
        while true {
          let token = try scanner.next()
          switch token.kind {
          case .objectStart: result += "{"
          case .objectEnd: result += "}"
          case .arrayStart: result += "["
          case .arrayEnd: result += "]"
          case .key: result += "k(\(scanner.string(token)))"
          case .string: result += "s(\(scanner.string(token)))"
          case .number:
            result += (token.isInteger ? "i(" : "d(") + scanner.string(token) + ")"
          case .true: result += "t"
          case .false: result += "f"
          case .null: result += "n"
          case .end: return result
          }
        }
      } catch {
        return "! \(error)"
      }
    }
  }

  static func trace(_ text: String, _ options: JSONScanner.Options = []) -> String {
    trace(Array(text.utf8), options)
  }

  @Test(
    "a JSON text gives its tokens in order",
    arguments: [
      (
        #" { "a" : [ 1 , -2.5e+3, true,false , null ] , "" : { } } "#,
        "{k(a)[i(1)d(-2.5e+3)tfn]k(){}}"
      ),
      (#""é\u00e9\ud83d\ude00\n\"\\\/""#, "s(éé😀\n\"\\/)"),
      ("[]", "[]"), ("0", "i(0)"), ("-0", "i(-0)"), ("0.0E-0", "d(0.0E-0)"),
      ("[[[]],[]]", "[[[]][]]"),
      (
        #""long text with a quote far \" behind eight bytes, and 日本語""#,
        "s(long text with a quote far \" behind eight bytes, and 日本語)"
      ),
      ("\"\u{7F}\"", "s(\u{7F})"), (#""\u0000""#, "s(\0)"),
    ])
  func tokens(text: String, expected: String) {
    #expect(Self.trace(text) == expected)
  }

  @Test(
    "what is not JSON is refused with the offset and the reason",
    arguments: [
      ("", "byte 0: the text ends early"), ("[1,]", "byte 3: a value expected"),
      ("[1 2]", "byte 3: ',' or ']' expected"), (#"{"a" 1}"#, "byte 5: ':' expected"),
      (#"{"a":1,}"#, "byte 7: a member's name in double quotation marks expected"),
      ("{a:1}", "byte 1: a member's name in double quotation marks expected"),
      ("01", "byte 1: only white space may follow the value"), ("1.", "byte 2: a digit expected"),
      ("-", "byte 1: a digit expected"), ("1e+", "byte 3: a digit expected"),
      (".5", "byte 0: a value expected"), ("+1", "byte 0: a value expected"),
      ("nul", "byte 3: 'null' expected"), ("NaN", "byte 0: a value expected"),
      ("\"a\u{1}\"", "byte 2: a control character must be written as an escape"),
      ("\"tab\there\"", "byte 4: a control character must be written as an escape"),
      (#""abc"#, "byte 0: the string has no end"),
      (#""\x""#, "byte 1: unknown escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"),
      (#""\u12G4""#, "byte 1: four hexadecimal digits must follow \\u"),
      (#""\ud800""#, "byte 1: half of a surrogate pair stands alone"),
      (#""\ud800\u0041""#, "byte 1: half of a surrogate pair stands alone"),
      (#""\udc00""#, "byte 1: half of a surrogate pair stands alone"),
      ("[", "byte 1: the text ends early"), ("]", "byte 0: a value expected"),
      ("[}", "byte 1: a value expected"),
      ("{]", "byte 1: a member's name in double quotation marks expected"),
      ("1 // no", "byte 2: only white space may follow the value"),
      ("\u{FEFF}1", "byte 0: a value expected"),
    ])
  func errors(text: String, expected: String) {
    #expect(Self.trace(text) == "! " + expected)
  }

  @Test(
    "bytes that are not UTF-8 are refused",
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
    ] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) {
    #expect(Self.trace([0x22] + bytes + [0x22]) == "! byte 1: this is not UTF-8")
    #expect(bytes.withUnsafeBytes { UTF8Sequence.firstInvalid($0) } == 0)
  }

  @Test("comments and trailing commas are read only where they are allowed")
  func declarationsOptions() {
    let text = "// head\n{ /* a */ \"a\": [1, 2, /* * */ ], // tail\n } // end"
    #expect(Self.trace(text, .declarations) == "{k(a)[i(1)i(2)]}")
    #expect(Self.trace(text) == "! byte 0: a value expected")
    #expect(Self.trace("[1,]", .comments) == "! byte 3: a value expected")
    #expect(Self.trace("[,]", .declarations) == "! byte 1: a value expected")
    #expect(Self.trace("[1,,]", .declarations) == "! byte 3: a value expected")
    #expect(Self.trace("1 /* open", .declarations) == "! byte 2: the comment has no end")
    #expect(Self.trace("1 / 2", .declarations) == "! byte 2: '//' or '/*' expected")
  }

  @Test("nesting is limited") func depth() {
    let deep = { (levels: Int) in
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    #expect(Self.trace(deep(64)) == deep(64))
    #expect(Self.trace(deep(65)) == "! byte 64: nested more than 64 levels deep")
  }

  @Test("skipValue steps over one whole value") func skip() throws {
    let text = Array(#"{"a": {"b": [1, {"c": "}"}]}, "d": "x\"y", "e": 7}"#.utf8)
    try text.withUnsafeBytes { bytes in
      var scanner = JSONScanner(bytes)
      _ = try scanner.next()
      var skipped: [String] = []
      while try scanner.next().kind == .key {
        skipped.append(String(decoding: bytes[try scanner.skipValue()], as: UTF8.self))
      }
      #expect(skipped == [#"{"b": [1, {"c": "}"}]}"#, #""x\"y""#, "7"])
      #expect(try scanner.next().kind == .end)
    }
  }

  @Test("a truncated text is an error at every length, and a flipped byte never leaves the buffer")
  func damage() {
    let text = Array(#"{"a":[1.5e3,true,false,null,"\ud83d\ude00é日"],"b":{"c":-12}}"#.utf8)
    #expect(!Self.trace(text).hasPrefix("!"))
    for length in 0..<text.count {
      #expect(Self.trace(Array(text[..<length])).hasPrefix("!"), "cut at \(length)")
    }
    var random = SeededRandom(11)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      _ = Self.trace(bytes, random.chance(50) ? .declarations : [])
    }
    let alphabet = Array(#"{}[]",:\u0 dtrue1.e-/*"#.utf8)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
      _ = Self.trace(bytes, random.chance(50) ? .declarations : [])
    }
  }
}
