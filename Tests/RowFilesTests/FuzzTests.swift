// Hostile bytes: whatever a file holds, reading ends, every row is accepted or refused or empty, and
// the batch has as many values in each column as there are accepted rows.
import FeatureModel
import RowFiles
import Testing

struct FuzzTests {
  static let schema = RowSchema([
    .init(name: "a", type: .string), .init(name: "b", type: .int), .init(name: "c", type: .double),
    .init(name: "d", type: .bool), .init(name: "e", type: .timestamp),
  ])

  static let csv = "a,b,c,d,e\nx,1,2.5,true,5\n\"q\"\"\n\",-1,1e3,f,2025-01-01\n"
  static let json = #"{"a":"x","b":1,"c":2.5,"d":true,"e":5}"# + "\n"

  static func damaged(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array((text + text).utf8)
    let hostile: [UInt8] = [0, 0x0A, 0x0D, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0x80, 0xC3, 0xFF]
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[index] = hostile.randomElement(using: &generator)!
      case 1: bytes.insert(hostile.randomElement(using: &generator)!, at: index)
      default: bytes.removeSubrange(index..<min(bytes.count, index + 3))
      }
    }
    return bytes
  }

  @Test("damaged files never lose the columns' step", arguments: RowFormat.allCases)
  func damage(_ format: RowFormat) throws {
    let folder = Folder()
    for seed in 0..<1000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let bytes = Self.damaged(format == .csv ? Self.csv : Self.json, &generator)
      let path = folder.file("rows", bytes)
      guard
        let chunker = try? RowChunker(path: path, format: format, options: .init(chunkSize: 32)),
        let parser = try? RowParser(for: chunker, schema: Self.schema)
      else { continue }
      var batch = Self.schema.makeBatch()
      var rows: [RowSpan] = []
      var line = 0
      while let chunk = try chunker.next() {
        let before = rows.count
        var rejected: [Range<Int>] = []
        parser.parse(chunk, into: &batch, rows: &rows) {
          #expect($0.line > line, "seed \(seed)")
          line = $0.line
          rejected.append($0.range)
        }
        // Between the rows there is nothing but line ends.
        var rest = Array(chunk.bytes)
        for range in rejected + rows[before...].map(\.range) {
          for index in range { rest[index] = 0x0A }
        }
        #expect(rest.allSatisfy { $0 == 0x0A || $0 == 0x0D }, "seed \(seed)")
      }
      for column in batch.columns {
        #expect(
          column.words.count == rows.count && column.valid.count == rows.count, "seed \(seed)")
        #expect(column.type != .string || column.text.count == Int(column.words.last ?? 0))
      }
    }
  }

  @Test("a name's ending tells the format, and nothing else does")
  func formats() throws {
    for name in ["a.csv", "A.CSV", "b.csv.gz", "c.x.csv"] {
      #expect(RowFormat(fileName: name) == .csv)
    }
    for name in ["a.jsonl", "b.ndjson.gz", "c.json", "d.JSON.GZ"] {
      #expect(RowFormat(fileName: name) == .jsonLines)
    }
    for name in ["a", "-", "a.gz", "a.csv.zst", "csv", "a.parquet"] {
      #expect(RowFormat(fileName: name) == nil)
    }
    #expect(try RowFormat.of("-", explicit: .csv) == .csv)
    #expect(throws: RowFileError(path: "-", problem: .unknownFormat)) { try RowFormat.of("-") }
  }
}
