// Rows in the other format: nothing is lost on the way, and what the other format cannot hold is refused
// with its line.
import FeatureModel
import Foundation
import RowFiles
import Testing

@Suite("Conversion between the formats")
struct ConverterTests {
  /// The rows of a file as rows of the other format, their header first where they have one.
  private func converted(
    _ bytes: [UInt8], _ format: RowFormat, chunkSize: Int = 4 << 20
  ) throws -> [String] {
    let folder = Folder()
    let path = folder.file("rows", bytes)
    let options = RowChunker.Options(chunkSize: chunkSize)
    let chunker = try RowChunker(path: path, format: format, options: options)
    let converter = try RowConverter(from: chunker)
    let parser = try RowParser(for: chunker, schema: RowSchema([]))
    var batch = parser.schema.makeBatch()
    var spans: [RowSpan] = []
    var lines: [String] = []
    while let chunk = try chunker.next() {
      spans.removeAll()
      parser.parse(chunk, into: &batch, rows: &spans) { Issue.record("\($0)") }
      for span in spans {
        lines.append(String(decoding: try converter.convert(span, of: chunk), as: UTF8.self))
      }
    }
    return [converter.header].compactMap { $0.map { String(decoding: $0.row, as: UTF8.self) } }
      + lines
  }

  private func converted(_ text: String, _ format: RowFormat) throws -> [String] {
    try converted(Array(text.utf8), format)
  }

  private func refusal(_ bytes: [UInt8], _ format: RowFormat) -> String {
    do { return try "nothing: \(converted(bytes, format))" } catch { return "\(error)" }
  }

  @Test("Cells become strings under their columns' names, empty cells without quotation marks null")
  func toJSON() throws {
    let csv =
      "a,\"b\"\"\",,é\r\n007,\"\",,\"x\"\r\n\"1,5\",\"say \"\"hi\"\"\",true,\"two\nlines\"\n"
    #expect(
      try converted(csv, .csv) == [
        #"{"a":"007","b\"":"","":null,"é":"x"}"#,
        #"{"a":"1,5","b\"":"say \"hi\"","":"true","é":"two\nlines"}"#,
      ])
    #expect(try converted("a\n1\r\n2\r", .csv) == [#"{"a":"1"}"#, #"{"a":"2"}"#])
  }

  @Test("The first object's members are the columns; values are their text, containers whole")
  func toCSV() throws {
    let lines = [
      #"{"n":1.50,"s":"a,\"b\"","t":true,"q\n":null,"":"","x":{"k":[1,"}"]}}"#,
      #" { "x" : [ ] , "n":-0, "s" : "é\u00e9" } "#, #"{}"#,
    ]
    #expect(
      try converted(lines.joined(separator: "\n"), .jsonLines) == [
        "n,s,t,\"q\n\",\"\",x", #"1.50,"a,""b""",true,,"","{""k"":[1,""}""]}""#,
        "-0,éé,,,,[ ]", ",,,,,",
      ])
  }

  @Test("What the other format cannot hold is refused with its line and name")
  func refusals() {
    func json(_ lines: String...) -> String {
      refusal(Array(lines.joined(separator: "\n").utf8), .jsonLines)
    }
    #expect(
      json(#"{"a":1}"#, "", #"{"a":1,"b":2}"#).hasPrefix("line 3: the object has a member 'b'"))
    #expect(
      json(#"{"a":1,"a":2}"#).hasPrefix("line 1: field 'a': the object has this member twice"))
    #expect(json(#"{"a":1}"#, #"{"a":1,"\u0061":2}"#).hasPrefix("line 2: field 'a'"))
    let invalid = refusal(Array("a,b\n1,x".utf8) + [0xFF, 0x0A], .csv)
    #expect(invalid == "line 2: field 'b': byte 2 of the value is not UTF-8")
    #expect(refusal(Array("a,a\n1,2\n".utf8), .csv).contains("column 'a' twice"))
  }

  @Test("Values that were written in one format read the same out of the other, chunk by chunk")
  func roundTrip() throws {
    let seed: UInt64 = 11
    var generator = SeededGenerator(seed: seed)
    let rows = (0..<2000).map { _ in
      WriterTests.fields.map { WriterTests.randomValue($0.type, &generator) }
    }
    for format in RowFormat.allCases {
      let folder = Folder()
      _ = try WriterTests.write(rows, to: "\(folder.path)/x.\(format.rawValue)")
      let lines = try converted(folder.bytes("x.\(format.rawValue)"), format, chunkSize: 8192)
      let other: RowFormat = format == .csv ? .jsonLines : .csv
      // JSON made of CSV has texts alone.
      let schema = RowSchema(
        WriterTests.fields.map { .init(name: $0.name, type: other == .csv ? $0.type : .string) })
      let back = try read(Array((lines.joined(separator: "\n") + "\n").utf8), other, schema)
      #expect(back.rejections.isEmpty)
      if other == .csv {
        #expect(back.rows == rows, "seed \(seed)")
      } else {
        let texts = rows.map { $0.map { $0 == .null ? Value.null : .string($0.description) } }
        #expect(back.rows == texts, "seed \(seed)")
      }
    }
  }
}
