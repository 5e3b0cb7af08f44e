// What the tests of row files share: a folder that goes away, and one call from bytes to rows.
import FeatureModel
import Foundation
import RowFiles

/// A new folder, removed with the last reference.
final class Folder {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/rowfiles-\(UUID().uuidString)"
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    try! Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func bytes(_ name: String) -> [UInt8] {
    [UInt8](try! Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }

  func text(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }

  var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

/// Everything a reader gives for a file.
struct Reading: Equatable {
  var rows: [[Value]] = []
  /// The accepted rows as they stand in the file.
  var raw: [[UInt8]] = []
  var lines: [Int] = []
  var rejections: [String] = []
  var rejectedRaw: [[UInt8]] = []

  /// The values as text, nil for null.
  var texts: [[String?]] { rows.map { $0.map { $0 == .null ? nil : $0.description } } }
}

/// Reads all chunks of a file.
func read(
  path: String, _ format: RowFormat?, _ schema: RowSchema, chunkSize: Int = 4 << 20,
  rowLimit: Int = 16 << 20, from start: RowPosition = .start
) throws -> Reading {
  let options = RowChunker.Options(chunkSize: chunkSize, rowLimit: rowLimit)
  let chunker = try RowChunker(path: path, format: format, options: options, startingAt: start)
  let parser = try RowParser(for: chunker, schema: schema)
  var reading = Reading()
  var batch = schema.makeBatch()
  var spans: [RowSpan] = []
  while let chunk = try chunker.next() {
    batch.removeAll()
    spans.removeAll()
    parser.parse(chunk, into: &batch, rows: &spans) { rejection in
      reading.rejections.append(rejection.description)
      reading.rejectedRaw.append(Array(chunk.bytes[rejection.range]))
    }
    for row in 0..<batch.count { reading.rows.append(batch.columns.map { $0.value(row) }) }
    for span in spans {
      reading.raw.append(Array(chunk.bytes[span.range]))
      reading.lines.append(span.line)
    }
  }
  return reading
}

/// Reads bytes as a file of the format.
func read(
  _ bytes: [UInt8], _ format: RowFormat, _ schema: RowSchema, chunkSize: Int = 4 << 20,
  rowLimit: Int = 16 << 20
) throws -> Reading {
  let folder = Folder()
  let path = folder.file("rows", bytes)
  return try read(path: path, format, schema, chunkSize: chunkSize, rowLimit: rowLimit)
}

func strings(_ names: String...) -> RowSchema {
  RowSchema(names.map { StreamDeclaration.Field(name: $0, type: .string) })
}

func one(_ type: FieldType) -> RowSchema {
  RowSchema([StreamDeclaration.Field(name: "v", type: type)])
}

/// SplitMix64, so that a failure can be run again from its seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
