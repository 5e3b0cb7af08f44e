// What each type takes from a cell or a JSON member, and how a refusal reads.
import FeatureModel
import RowFiles
import Testing

struct ValueTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let type: FieldType
    let text: String
    let value: Value
    var testDescription: String { "\(type) \(text.debugDescription)" }

    init(_ type: FieldType, _ text: String, _ value: Value) {
      self.type = type
      self.text = text
      self.value = value
    }
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let type: FieldType
    let text: String
    let reason: String
    var testDescription: String { "\(type) \(text.debugDescription)" }

    init(_ type: FieldType, _ text: String, _ reason: String) {
      self.type = type
      self.text = text
      self.reason = reason
    }
  }

  static let time = Timestamp(milliseconds: 1_735_689_600_123)!

  static let cells: [Case] = [
    Case(.int, "42", .int(42)), Case(.int, "-7", .int(-7)), Case(.int, "007", .int(7)),
    Case(.int, "9223372036854775807", .int(.max)), Case(.int, "-9223372036854775808", .int(.min)),
    Case(.int, "\"42\"", .int(42)),
    Case(.double, "12.5", .double(12.5)), Case(.double, "-3", .double(-3)),
    Case(.double, "1e3", .double(1000)), Case(.double, ".5", .double(0.5)),
    Case(.bool, "true", .bool(true)), Case(.bool, "FALSE", .bool(false)),
    Case(.bool, "T", .bool(true)), Case(.bool, "f", .bool(false)), Case(.bool, "1", .bool(true)),
    Case(.bool, "0", .bool(false)),
    Case(.timestamp, "1735689600123", .timestamp(time)),
    Case(.timestamp, "2025-01-01T00:00:00.123Z", .timestamp(time)),
    Case(.timestamp, "2025-01-01 02:00:00.123+02:00", .timestamp(time)),
    Case(.timestamp, "-1", .timestamp(Timestamp(milliseconds: -1)!)),
  ]

  @Test("a cell is read as its field's type", arguments: cells)
  func cell(_ test: Case) throws {
    let reading = try read(Array("v\n\(test.text)\n".utf8), .csv, one(test.type))
    #expect(reading.rows == [[test.value]])
  }

  static let badCells: [Refusal] = [
    Refusal(.int, "abc", "not an integer: 'abc'"), Refusal(.int, "3.0", "not an integer: '3.0'"),
    Refusal(.int, " 3", "not an integer: ' 3'"), Refusal(.int, "-", "not an integer: '-'"),
    Refusal(.int, "1e3", "not an integer: '1e3'"),
    Refusal(.int, "9223372036854775808", "an integer out of range: '9223372036854775808'"),
    Refusal(.double, "x", "not a number: 'x'"),
    Refusal(.double, "1,5".quoted, "not a number: '1,5'"),
    Refusal(.double, "0x10", "not a number: '0x10'"),
    Refusal(.double, "nan", "not a finite number: 'nan'"),
    Refusal(.double, "-Infinity", "not a finite number: '-Infinity'"),
    Refusal(.double, "1e999", "not a finite number: '1e999'"),
    Refusal(.bool, "yes", "not a bool (true, false, t, f, 1, 0): 'yes'"),
    Refusal(.bool, "2", "not a bool (true, false, t, f, 1, 0): '2'"),
    Refusal(
      .timestamp, "2025-02-30",
      "not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): '2025-02-30'"),
    Refusal(
      .timestamp, "253402300800000",
      "not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): '253402300800000'"),
    Refusal(
      .int, String(repeating: "x", count: 70),
      "not an integer: '\(String(repeating: "x", count: 60))...'"),
  ]

  @Test("a bad cell is refused with line, field and reason", arguments: badCells)
  func badCell(_ test: Refusal) throws {
    let reading = try read(Array("v\n\(test.text)\n".utf8), .csv, one(test.type))
    #expect(reading.rows.isEmpty)
    #expect(reading.rejections == ["line 2: field 'v': \(test.reason)"])
    #expect(reading.rejectedRaw == [Array(test.text.utf8)])
  }

  @Test("a string that is not UTF-8 is refused, quoted or not")
  func invalidUTF8() throws {
    for bytes: [UInt8] in [[0x61, 0xFF], [0x22, 0x61, 0xC3, 0x22], [0x61, 0xED, 0xA0, 0x80]] {
      let reading = try read([0x76, 0x0A] + bytes, .csv, one(.string))
      #expect(reading.rejections == ["line 2: field 'v': byte 2 of the value is not UTF-8"])
    }
  }

  static let members: [Case] = [
    Case(.int, "42", .int(42)), Case(.int, "-0", .int(0)), Case(.double, "3", .double(3)),
    Case(.double, "-2.5e-1", .double(-0.25)), Case(.bool, "true", .bool(true)),
    Case(.bool, "false", .bool(false)), Case(.string, #""a\"b\u00e4\n""#, .string("a\"bä\n")),
    Case(.string, #""""#, .string("")), Case(.timestamp, "1735689600123", .timestamp(time)),
    Case(.timestamp, #""2025-01-01T00:00:00.123Z""#, .timestamp(time)),
    Case(.timestamp, #""2025-01-01\u0054\u00300:00:00.123Z""#, .timestamp(time)),
    Case(.int, "null", .null), Case(.string, "null", .null), Case(.timestamp, "null", .null),
  ]

  @Test("a JSON member is read as its field's type", arguments: members)
  func member(_ test: Case) throws {
    let reading = try read(Array("{\"v\":\(test.text)}".utf8), .jsonLines, one(test.type))
    #expect(reading.rows == [[test.value]])
  }

  static let badMembers: [Refusal] = [
    Refusal(.int, #""3""#, #"not an integer: '"3"'"#),
    Refusal(.int, "3.0", "not an integer: '3.0'"),
    Refusal(.int, "true", "not an integer: 'true'"),
    Refusal(.int, "9223372036854775808", "an integer out of range: '9223372036854775808'"),
    Refusal(.double, #""1""#, #"not a number: '"1"'"#),
    Refusal(.double, "1e999", "not a finite number: '1e999'"),
    Refusal(.bool, "1", "not a bool (true, false, t, f, 1, 0): '1'"),
    Refusal(.string, "5", "not a string: '5'"),
    Refusal(.string, #"{"a":[1, 2]}"#, #"not a string: '{"a":[1, 2]}'"#),
    Refusal(
      .timestamp, "1.5",
      "not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): '1.5'"),
    Refusal(
      .timestamp, "[]",
      "not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): '[]'"),
  ]

  @Test("a bad JSON member is refused with line, field and reason", arguments: badMembers)
  func badMember(_ test: Refusal) throws {
    let row = "{\"v\":\(test.text)}"
    let reading = try read(Array(row.utf8), .jsonLines, one(test.type))
    #expect(reading.rows.isEmpty)
    #expect(reading.rejections == ["line 1: field 'v': \(test.reason)"])
    #expect(reading.rejectedRaw == [Array(row.utf8)])
  }
}

extension String {
  fileprivate var quoted: String { "\"\(self)\"" }
}
