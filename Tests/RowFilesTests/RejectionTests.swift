// A bad row is left out whole: whatever field it fails at, the batch is as if it had not been there.
import FeatureModel
import RowFiles
import Testing

struct RejectionTests {
  static let schema = RowSchema(
    [
      .init(name: "s", type: .string), .init(name: "n", type: .int),
      .init(name: "u", type: .string),
      .init(name: "t", type: .timestamp),
    ], required: [3])

  @Test("rows before and behind a bad row are not touched by it")
  func batchUnchanged() throws {
    let csv = """
      s,n,u,t
      a,1,b,5
      lost,x,lost,5
      lost,2,lost,soon
      lost,2,lost,
      lost,2,lost
      "lost"y,2,lost,5
      ,,,6
      c,3,d,7
      """
    let reading = try read(Array(csv.utf8), .csv, Self.schema)
    let expected: [[Value]] = [
      [.string("a"), .int(1), .string("b"), .timestamp(Timestamp(milliseconds: 5)!)],
      [.null, .null, .null, .timestamp(Timestamp(milliseconds: 6)!)],
      [.string("c"), .int(3), .string("d"), .timestamp(Timestamp(milliseconds: 7)!)],
    ]
    #expect(reading.rows == expected)
    #expect(reading.lines == [2, 8, 9])
    #expect(
      reading.rejections == [
        "line 3: field 'n': not an integer: 'x'",
        "line 4: field 't': not a timestamp (ISO 8601 or epoch milliseconds, years 0001 to 9999): "
          + "'soon'",
        "line 5: field 't': a value is missing", "line 6: 3 cells instead of 4",
        "line 7: text follows a closing quote",
      ])
  }

  @Test("the same holds for JSON Lines, where a row may fail after all its fields are read")
  func batchUnchangedByJSON() throws {
    let json = """
      {"s":"a","n":1,"u":"b","t":5}
      {"u":"lost","s":"lost","n":"x","t":5}
      {"s":"lost","u":"lost","n":1}
      {"s":"lost","n":1,"u":"lost","t":5}}
      {"t":5,"s":"lost","n":1,"u":"lost","t":5}
      {"t":7,"u":"d","n":3,"s":"c"}
      """
    let reading = try read(Array(json.utf8), .jsonLines, Self.schema)
    #expect(reading.texts.map { $0[0] } == ["a", "c"])
    #expect(reading.texts.map { $0[2] } == ["b", "d"])
    #expect(reading.lines == [1, 6])
    #expect(reading.rejections.count == 4)
    #expect(reading.rejections[1] == "line 3: field 't': a value is missing")
  }

  @Test("a quote that is never closed takes the rest of the file with it, as one refused row")
  func unterminatedQuote() throws {
    let reading = try read(Array("s\na\n\"b\nc\nd\n".utf8), .csv, strings("s"))
    #expect(reading.texts == [["a"]])
    #expect(reading.rejections == ["line 3: a quote is opened and never closed"])
    #expect(reading.rejectedRaw == [Array("\"b\nc\nd\n".utf8)])
  }

  @Test("the rejects file holds line, field, reason and the row, and grows from run to run")
  func rejectsFile() throws {
    let folder = Folder()
    let input = folder.file("in.csv", Array("n,m\n1,\"a,\"\"b\"\nx,\"c\nd\"\n5\n".utf8))
    let schema = RowSchema([.init(name: "n", type: .int)])
    for _ in 0..<2 {
      let chunker = try RowChunker(path: input)
      let parser = try RowParser(for: chunker, schema: schema)
      let writer = try RejectsWriter(path: "\(folder.path)/rejects.csv")
      while let chunk = try chunker.next() {
        var batch = schema.makeBatch()
        var rows: [RowSpan] = []
        var rejections: [RowRejection] = []
        parser.parse(chunk, into: &batch, rows: &rows) { rejections.append($0) }
        for rejection in rejections { try writer.append(rejection, in: chunk) }
      }
      #expect(writer.count == 2)
      try writer.sync()
    }
    let back = try read(
      path: "\(folder.path)/rejects.csv", nil, strings("line", "field", "reason", "row"))
    let once: [[String?]] = [
      ["3", "n", "not an integer: 'x'", "x,\"c\nd\""], ["5", nil, "1 cells instead of 2", "5"],
    ]
    #expect(back.texts == once + once)
  }
}
