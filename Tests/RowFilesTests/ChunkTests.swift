// Where a chunk is cut must not show in the rows: tiny chunks against one big one, on random files full
// of quotes and line ends, and going on in the middle of a file.
import FeatureModel
import RowFiles
import Testing

struct ChunkTests {
  /// Text made of the pieces that matter to the cutting.
  static func randomFile(_ generator: inout SeededGenerator, _ format: RowFormat) -> [UInt8] {
    let csv = ["\"", "\"\"", ",", "\n", "\r\n", "x", "yz", "\r", "\"a\nb\"", "\n\"q\",w\n", "é"]
    let json = ["{\"a\":\"1\"}", "{\"a\":null,\"b\":\"x\"}", "\n", "\r\n", "{", " ", "\"", "\\n"]
    let pieces = format == .csv ? csv : json
    var bytes = Array(format == .csv ? "a,b\n".utf8 : "".utf8)
    if Bool.random(using: &generator) { bytes = [0xEF, 0xBB, 0xBF] + bytes }
    for _ in 0..<Int.random(in: 0...30, using: &generator) {
      bytes += Array(pieces.randomElement(using: &generator)!.utf8)
    }
    return bytes
  }

  @Test(
    "chunks of every size give the same rows, lines and refusals", arguments: RowFormat.allCases)
  func everySize(_ format: RowFormat) throws {
    for seed in 0..<60 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let bytes = Self.randomFile(&generator, format)
      let whole = try read(bytes, format, strings("a", "b"))
      for size in Array(1...16) + [bytes.count - 1, bytes.count, bytes.count + 1] where size > 0 {
        let cut = try read(bytes, format, strings("a", "b"), chunkSize: size)
        #expect(cut == whole, "seed \(seed), chunks of \(size)")
      }
    }
  }

  @Test("reading that goes on behind any chunk gives the rest", arguments: RowFormat.allCases)
  func goOn(_ format: RowFormat) throws {
    let folder = Folder()
    for seed in 100..<130 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let path = folder.file("rows", Self.randomFile(&generator, format))
      let whole = try read(path: path, format, strings("a", "b"))
      let options = RowChunker.Options(chunkSize: 7)
      let chunker = try RowChunker(path: path, format: format, options: options)
      var before = 0
      let parser = try RowParser(for: chunker, schema: strings("a", "b"))
      while let chunk = try chunker.next() {
        var batch = strings("a", "b").makeBatch()
        var rows: [RowSpan] = []
        parser.parse(chunk, into: &batch, rows: &rows) { _ in }
        before += rows.count
        let rest = try read(path: path, format, strings("a", "b"), from: chunk.end)
        #expect(rest.rows == Array(whole.rows.dropFirst(before)), "seed \(seed)")
        #expect(rest.lines == Array(whole.lines.dropFirst(before)), "seed \(seed)")
      }
    }
  }

  @Test("a chunk ends at a forced cut, and no row is lost by it", arguments: [3, 40, 4096])
  func forcedCut(_ chunkSize: Int) throws {
    let folder = Folder()
    let lines = (0..<30).map { "\"\($0)\n\"\n" }
    let path = folder.file("rows.csv", Array(("a\n" + lines.joined()).utf8))
    for kept in 1..<30 {
      var options = RowChunker.Options(chunkSize: chunkSize)
      let cut = 2 + lines[..<kept].joined().utf8.count
      options.forcedCut = cut
      let chunker = try RowChunker(path: path, options: options)
      var bytes: [UInt8] = []
      var ends: Set<Int> = []
      while let chunk = try chunker.next() {
        bytes += chunk.bytes
        ends.insert(chunk.end.offset)
        #expect(!chunk.isUnterminated)
      }
      #expect(ends.contains(cut))
      #expect(bytes == Array(lines.joined().utf8))
    }
  }

  @Test("a position behind the end of the file is refused")
  func goOnTooFar() throws {
    let folder = Folder()
    let path = folder.file("rows.csv", Array("a\n1\n".utf8))
    #expect(
      try read(path: path, nil, strings("a"), from: RowPosition(offset: 4, line: 3)).rows.isEmpty)
    #expect {
      _ = try read(path: path, nil, strings("a"), from: RowPosition(offset: 5, line: 3))
    } throws: {
      ($0 as? RowFileError)?.problem == .endsBefore(offset: 5)
    }
  }

  @Test("reading goes on in the middle of a large plain or compressed file")
  func goOnFar() throws {
    let folder = Folder()
    let lines = (0..<200_000).map { "\($0)\n" }
    let text = "a\n" + lines.joined()
    let skipped = ("a\n" + lines[..<150_000].joined()).utf8.count
    let start = RowPosition(offset: skipped, line: 150_002)
    for path in [
      folder.file("x.csv", Array(text.utf8)), folder.file("y.csv", try GzipTests.gzip(text)),
    ] {
      let rest = try read(path: path, nil, strings("a"), chunkSize: 10_000, from: start)
      #expect(rest.rows.count == 50_000)
      #expect(rest.texts.first == ["150000"])
      #expect(rest.lines.last == 200_001)
    }
  }

  @Test("chunks are numbered, adjoin each other, and say whether the last row has its line end")
  func positions() throws {
    let folder = Folder()
    let path = folder.file("rows.csv", Array("a\n1\n22\n\"3\n3\"\n4".utf8))
    let chunker = try RowChunker(path: path, options: .init(chunkSize: 4))
    var position = RowPosition(offset: 2, line: 2)
    var index = 0
    var unterminated: [Bool] = []
    while let chunk = try chunker.next() {
      #expect(chunk.index == index && chunk.start == position)
      #expect(chunk.end.offset - chunk.start.offset == chunk.bytes.count)
      unterminated.append(chunk.isUnterminated)
      position = chunk.end
      index += 1
    }
    #expect(position == RowPosition(offset: 14, line: 6))
    #expect(unterminated.last == true && !unterminated.dropLast().contains(true))
  }

  @Test("a row may be as long as the limit and no longer; the error names its line")
  func rowLimit() throws {
    let text = "a\n1\n" + String(repeating: "x", count: 99) + "\n2\n"
    let fits = try read(Array(text.utf8), .csv, strings("a"), chunkSize: 16, rowLimit: 100)
    #expect(fits.rows.count == 3)
    #expect {
      _ = try read(Array(text.utf8), .csv, strings("a"), chunkSize: 16, rowLimit: 99)
    } throws: {
      "\($0)".hasSuffix("line 3: the row is longer than 99 bytes (is a quote left open?)")
    }
  }

  @Test("chunks may be taken and parsed by several threads; none is lost and none is given twice")
  func threads() async throws {
    let folder = Folder()
    let count = 20_000
    let path = folder.file("x.csv", Array(("a\n" + (0..<count).map { "\($0)\n" }.joined()).utf8))
    let chunker = try RowChunker(path: path, options: .init(chunkSize: 500))
    let parts = try await withThrowingTaskGroup(of: [Int: [Value]].self) { group in
      for _ in 0..<3 {
        group.addTask {
          let parser = try RowParser(for: chunker, schema: strings("a"))
          var parts: [Int: [Value]] = [:]
          while let chunk = try chunker.next() {
            var batch = strings("a").makeBatch()
            var rows: [RowSpan] = []
            parser.parse(chunk, into: &batch, rows: &rows) { _ in }
            parts[chunk.index] = (0..<batch.count).map { batch.columns[0].value($0) }
          }
          return parts
        }
      }
      return try await group.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
    }
    let rows = parts.sorted { $0.key < $1.key }.flatMap(\.value)
    #expect(rows == (0..<count).map { .string(String($0)) })
  }
}
