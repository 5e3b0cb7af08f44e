// RFC 4180 and what surrounds it: quoting, line ends, headers, nulls.
import FeatureModel
import RowFiles
import Testing

struct CSVTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let rows: [[String?]]
    var testDescription: String { text.debugDescription }

    init(_ text: String, _ rows: [[String?]]) {
      self.text = text
      self.rows = rows
    }
  }

  static let table: [Case] = [
    Case("a,b\n1,2\n", [["1", "2"]]),
    Case("a,b\n1,2", [["1", "2"]]),
    Case("a,b\r\n1,2\r\n3,4\r\n", [["1", "2"], ["3", "4"]]),
    Case("a,b\r\n1,2\r", [["1", "2"]]),
    Case("a,b\n1,2\r\n3,4\n", [["1", "2"], ["3", "4"]]),
    Case("a,b\n", []),
    Case("a,b", []),
    Case("a,b\r\n", []),
    Case("\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
    Case("a,b\n\"1\",\"2\"\n", [["1", "2"]]),
    Case("a,b\n\"1\",\"2\"", [["1", "2"]]),
    Case("a,b\n\"1\",\"2\"\r\n", [["1", "2"]]),
    Case("a,b\n\"1\",\"2\"\r", [["1", "2"]]),
    Case("a,b\n\"x,y\",\"line\nbreak\"\n", [["x,y", "line\nbreak"]]),
    Case("a,b\n\"x\r\ny\",\"z\r\"\n", [["x\r\ny", "z\r"]]),
    Case("a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", [["say \"hi\"", "\""]]),
    Case("a,b\n\"\"\"\",\"\"\"\"\"\"", [["\"", "\"\""]]),
    Case("a,b\n,\n", [[nil, nil]]),
    Case("a,b\n,", [[nil, nil]]),
    Case("a,b\n\"\",\"\"\n", [["", ""]]),
    Case("a,b\nx,\n,y\n", [["x", nil], [nil, "y"]]),
    Case("a,b\n 1 ,\t2\n", [[" 1 ", "\t2"]]),
    Case("a,b\nit\"s,5\"\n", [["it\"s", "5\""]]),
    Case("a,b\nx\"\n1\",2\n", [["1\"", "2"]]),
    Case("a,b\nx\ry,2\n", [["x\ry", "2"]]),
    Case("a,b\nkäse,\u{1F600}\n", [["käse", "\u{1F600}"]]),
    Case("\u{FEFF}a,b\n1,2\n", [["1", "2"]]),
    Case("b,c,a\n2,x,1\n", [["1", "2"]]),
    Case("\"b\",\"c,\"\"\n\",\"a\"\r\n2,x,1\n", [["1", "2"]]),
    Case("a,x,x,b\n1,,,2\n", [["1", "2"]]),
    Case("a,b\nabcdefg,abcdefgh\nabcdefghi,\n", [["abcdefg", "abcdefgh"], ["abcdefghi", nil]]),
  ]

  @Test("a file's rows are those of RFC 4180", arguments: table)
  func rows(_ test: Case) throws {
    let reading = try read(Array(test.text.utf8), .csv, strings("a", "b"))
    #expect(reading.texts == test.rows)
  }

  @Test(
    "a header that does not serve is refused with its reason",
    arguments: [
      ("", "there is no header row"), ("\n\n", "there is no header row"),
      ("\u{FEFF}", "there is no header row"),
      ("a,sendr\n", "no column 'sender'; nearest is 'sendr'"),
      ("a\n", "no column 'sender'"),
      ("sender,a,sender\n", "the header has column 'sender' twice"),
      ("sender,\"a", "bad header row: a quote is opened and never closed"),
      ("\"sender\"x,a\n", "bad header row: text follows a closing quote"),
    ])
  func badHeaders(_ text: String, _ reason: String) {
    #expect {
      _ = try read(Array(text.utf8), .csv, strings("sender"))
    } throws: { error in
      "\(error)".hasSuffix(": " + reason)
    }
  }

  @Test("a header that is not UTF-8 is refused")
  func headerEncoding() {
    #expect { _ = try read([0x61, 0x2C, 0xFF, 0x0A], .csv, strings("a")) } throws: {
      "\($0)".hasSuffix("bad header row: column 2 is not UTF-8")
    }
  }

  @Test("an empty cell is null; an empty quoted cell is the empty string, and null for other types")
  func nulls() throws {
    let fields = FieldType.allCases.map { StreamDeclaration.Field(name: $0.rawValue, type: $0) }
    let header = fields.map(\.name).joined(separator: ",")
    let bare = Array(repeating: "", count: fields.count).joined(separator: ",")
    let quoted = Array(repeating: "\"\"", count: fields.count).joined(separator: ",")
    let text = "\(header)\n\(bare)\n\(quoted)\n"
    let reading = try read(Array(text.utf8), .csv, RowSchema(fields))
    #expect(reading.texts[0] == fields.map { _ in nil })
    #expect(reading.texts[1] == fields.map { $0.type == .string ? "" : nil })
    #expect(reading.rejections.isEmpty)
  }

  @Test("each accepted row can be taken out as it stands, without its line end")
  func rawRows() throws {
    let text = "a,b,c\r\n1,\"x\ny\",  z\r\n\r\n2,,\"\"\r\n3,,\r"
    let reading = try read(Array(text.utf8), .csv, strings("a"))
    #expect(
      reading.raw.map { String(decoding: $0, as: UTF8.self) }
        == ["1,\"x\ny\",  z", "2,,\"\"", "3,,"])
  }

  @Test("a row's line is the physical line on which it starts")
  func lines() throws {
    let text = "\"a\n\",b\n1,\"x\n\ny\"\n\n2,2\nbad\n\"3\n\",3"
    let reading = try read(Array(text.utf8), .csv, strings("b"))
    #expect(reading.lines == [3, 7, 9])
    #expect(reading.rejections == ["line 8: 1 cells instead of 2"])
  }
}
