// Rows out: what is written reads back the same, raw rows stay as they are, and a file is there whole
// or not at all.
import FeatureModel
import Foundation
import RowFiles
import Testing

struct WriterTests {
  static let fields: [StreamDeclaration.Field] = [
    .init(name: "s", type: .string), .init(name: "n", type: .int), .init(name: "d", type: .double),
    .init(name: "b", type: .bool), .init(name: "t", type: .timestamp),
  ]

  static func randomValue(_ type: FieldType, _ generator: inout SeededGenerator) -> Value {
    if UInt8.random(in: 0..<5, using: &generator) == 0 { return .null }
    switch type {
    case .int:
      return .int(
        Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
    case .double:
      let value = Double(bitPattern: generator.next())
      return .double(value.isFinite ? value : 0.1)
    case .bool: return .bool(Bool.random(using: &generator))
    case .timestamp:
      let range = Timestamp.earliest.milliseconds..<Timestamp.limit.milliseconds
      return .timestamp(Timestamp(milliseconds: .random(in: range, using: &generator))!)
    case .string:
      let pieces = ["", "a", ",", "\"", "\n", "\r", "é", "\u{1F600}", "\\", "\u{1}", "\0", " "]
      let count = Int.random(in: 0...4, using: &generator)
      return .string((0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined())
    }
  }

  static func write(_ rows: [[Value]], to path: String) throws -> Digest {
    let writer = try RowWriter(path: path, columns: fields.map(\.name))
    for row in rows {
      writer.beginRow()
      for value in row { writer.append(value) }
      try writer.endRow()
    }
    return try writer.finish()
  }

  @Test(
    "rows of any values read back as they were",
    arguments: ["x.csv", "x.jsonl", "x.csv.gz", "x.ndjson.gz"])
  func roundTrip(_ name: String) throws {
    let folder = Folder()
    var generator = SeededGenerator(seed: 7)
    let rows = (0..<3000).map { _ in
      Self.fields.map { Self.randomValue($0.type, &generator) }
    }
    _ = try Self.write(rows, to: "\(folder.path)/\(name)")
    let back = try read(path: "\(folder.path)/\(name)", nil, RowSchema(Self.fields))
    #expect(back.rows == rows)
    #expect(back.rejections.isEmpty)
    #expect(folder.names == [name])
  }

  @Test("equal rows make equal bytes and one digest, compressed or not; other rows another")
  func digest() throws {
    let folder = Folder()
    let row: [Value] = [.string("x"), .int(1), .double(0.5), .bool(true), .null]
    let plain = try Self.write([row], to: "\(folder.path)/a.csv")
    let packed = try Self.write([row], to: "\(folder.path)/b.csv.gz")
    let again = try Self.write([row], to: "\(folder.path)/c.csv.gz")
    let other = try Self.write([row, row], to: "\(folder.path)/d.csv")
    #expect(plain == packed && packed == again && plain != other)
    #expect(folder.bytes("b.csv.gz") == folder.bytes("c.csv.gz"))
  }

  @Test("values stand as documented in CSV")
  func csvText() throws {
    let folder = Folder()
    let values: [[Value]] = [
      [
        .string(""), .int(.min), .double(1e300), .bool(false),
        .timestamp(Timestamp(milliseconds: -1)!),
      ],
      [
        .string("a,\"b\""), .int(0), .double(-0.0), .bool(true),
        .timestamp(Timestamp(milliseconds: 0)!),
      ],
      [.null, .null, .double(.infinity), .null, .null],
    ]
    _ = try Self.write(values, to: "\(folder.path)/x.csv")
    #expect(
      folder.text("x.csv") == #"""
        s,n,d,b,t
        "",-9223372036854775808,1e+300,false,1969-12-31T23:59:59.999Z
        "a,""b""",0,-0.0,true,1970-01-01T00:00:00Z
        ,,inf,,

        """#)
  }

  @Test("values stand as documented in JSON Lines")
  func jsonText() throws {
    let folder = Folder()
    let values: [[Value]] = [
      [
        .string("a\"\n"), .int(-5), .double(0.1), .bool(false),
        .timestamp(Timestamp(milliseconds: 1500)!),
      ],
      [.null, .null, .double(.infinity), .null, .null],
    ]
    _ = try Self.write(values, to: "\(folder.path)/x.jsonl")
    #expect(
      folder.text("x.jsonl") == #"""
        {"s":"a\"\n","n":-5,"d":0.1,"b":false,"t":"1970-01-01T00:00:01.500Z"}
        {"s":null,"n":null,"d":null,"b":null,"t":null}

        """#)
  }

  @Test("a raw CSV row stays as it is and gets cells; the header likewise")
  func rawCSV() throws {
    let folder = Folder()
    let input = folder.file("in.csv", Array("k,\"t\"\r\n\"a\nb\", 1\r\nc,\"\"".utf8))
    try Self.appendColumns(to: input, "\(folder.path)/out.csv", ["f1", "f,2"])
    #expect(folder.text("out.csv") == "k,\"t\",f1,\"f,2\"\n\"a\nb\", 1,0,x\nc,\"\",1,x\n")
  }

  @Test("a raw JSON object stays as it is and gets members")
  func rawJSON() throws {
    let folder = Folder()
    let input = folder.file("in.jsonl", Array("{\"k\":1}\r\n{ }\n{\"a\" : [{}] } \n".utf8))
    try Self.appendColumns(to: input, "\(folder.path)/out.jsonl", ["f1", "f\"2"])
    #expect(
      folder.text("out.jsonl") == #"""
        {"k":1,"f1":0,"f\"2":"x"}
        {"f1":1,"f\"2":"x"}
        {"a" : [{}],"f1":2,"f\"2":"x"}

        """#)
  }

  static func appendColumns(to input: String, _ output: String, _ columns: [String]) throws {
    let chunker = try RowChunker(path: input)
    let schema = RowSchema([])
    let parser = try RowParser(for: chunker, schema: schema)
    let writer = try RowWriter(path: output, columns: columns, after: chunker.header)
    while let chunk = try chunker.next() {
      var batch = schema.makeBatch()
      var rows: [RowSpan] = []
      parser.parse(chunk, into: &batch, rows: &rows) { _ in }
      for row in rows {
        writer.beginRow(raw: UnsafeRawBufferPointer(rebasing: chunk.bytes[row.range]))
        writer.append(Int64(writer.rowCount))
        writer.append(.string("x"))
        try writer.endRow()
      }
    }
    _ = try writer.finish()
  }

  @Test("a CSV column that the spine has already is refused")
  func duplicateColumn() {
    let folder = Folder()
    let header = CSVHeader(names: ["k", "f"], row: Array("k,f".utf8))
    #expect {
      _ = try RowWriter(path: "\(folder.path)/x.csv", columns: ["f"], after: header)
    } throws: {
      ($0 as? RowFileError)?.problem == .duplicateColumn("f")
    }
    #expect(folder.names.isEmpty)
  }

  @Test("a lone null is not lost as an empty line")
  func loneNull() throws {
    let folder = Folder()
    let writer = try RowWriter(path: "\(folder.path)/x.csv", columns: ["n"])
    for value in [Value.null, .int(1), .null] {
      writer.beginRow()
      writer.append(value)
      try writer.endRow()
    }
    _ = try writer.finish()
    let back = try read(
      path: "\(folder.path)/x.csv", nil, RowSchema([.init(name: "n", type: .int)]))
    #expect(back.rows == [[.null], [.int(1)], [.null]])
  }

  @Test("a file that was there stays until the new one is whole, and without finish for good")
  func atomic() throws {
    let folder = Folder()
    let path = folder.file("x.csv", Array("old".utf8))
    do {
      let writer = try RowWriter(path: path, columns: ["a"])
      writer.beginRow()
      writer.append(Int64(1))
      try writer.endRow()
      #expect(folder.text("x.csv") == "old")
      #expect(folder.names.count == 2)
    }
    #expect(folder.names == ["x.csv"])
    let writer = try RowWriter(path: path, columns: ["a"])
    _ = try writer.finish()
    #expect(folder.text("x.csv") == "a\n")
    #expect(folder.names == ["x.csv"])
  }

  @Test("what is behind a symbolic link is replaced, not the link; a device is written to")
  func linksAndDevices() throws {
    let folder = Folder()
    let path = folder.file("real.csv", [])
    let link = "\(folder.path)/link.csv"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    _ = try RowWriter(path: link, columns: ["a"]).finish()
    #expect(folder.text("real.csv") == "a\n")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
    _ = try RowWriter(path: "/dev/null", format: .csv, columns: ["a"]).finish()
    #expect(FileManager.default.fileExists(atPath: "/dev/null"))
    #expect {
      _ = try RowWriter(path: "/dev/full", format: .csv, columns: ["a"]).finish()
    } throws: {
      "\($0)" == "/dev/full: cannot be written: No space left on device"
    }
  }

  @Test("a file in a folder that is not there is refused at once")
  func noFolder() {
    #expect { _ = try RowWriter(path: "/no/such/folder/x.csv", columns: ["a"]) } throws: {
      "\($0)" == "/no/such/folder/x.csv: cannot be opened: No such file or directory"
    }
  }
}
