// The stored format, held by files: keys and blocks of fixed events in hexadecimal, and a whole store that
// was written once and must open and answer for ever. HINDCAST_RECORD=1 writes them anew; a change
// of these files is a change of the format.
import FeatureModel
import Foundation
import SliceStore
import TestSupport
import Testing

@Suite(.serialized) struct GoldenTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden").path
  private static let isRecording = ProcessInfo.processInfo.environment["HINDCAST_RECORD"] == "1"

  /// Two entities; late events, a seal, nulls, texts, sketches, numbers that need wide sums.
  private static func fill(_ target: TestStore) throws {
    let store = target.store
    try target.append([
      Fixture.row(.at("2024-03-01T08:00"), "alice", bytes: 100, score: 0.1, subject: "hello"),
      Fixture.row(
        .at("2024-03-01T09:00"), "alice", bytes: -5, score: 1e300, subject: "x", flag: true),
      Fixture.row(.at("2024-03-02"), seen: .at("2024-03-09"), "alice", score: 1e-300, subject: nil),
      Fixture.row(.at("1969-12-31T23:59:59.999Z"), "böb|\u{0}", bytes: .max, score: nil),
      Fixture.row(
        .at("2024-03-02"), "böb|\u{0}", bytes: .max, score: -0.0, subject: "", flag: false),
    ])
    try store.seal("mails", at: .at("2024-03-20T12:00"))
    let position = SourcePosition(source: "golden.csv", position: [7, 0, 255])
    try target.append(
      ["r", "s", "t", "u"].map { Fixture.row(.at("2024-03-03"), "alice", subject: $0) },
      position: position)
    try store.flush()
    try store.compact()
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private static func answers(_ store: Store) throws -> String {
    let reader = try store.reader(of: "all")
    var lines: [String] = []
    for name in ["alice", "böb|\u{0}", "nobody"] {
      for text in ["1970-01-01", "2024-03-03", "2024-03-10", "2024-03-21"] {
        for mode in [ReadMode.asServed, .corrected, .fresh, .knownAt(.at("2024-03-11"))] {
          let values = try reader.answer(EntityKey(parts: [name]), at: .at(text), mode)
          let listed = values.map { $0 == .null ? "null" : "\($0)" }.joined(separator: ", ")
          lines.append("\(hex(Array(name.utf8))) \(text) \(mode): \(listed)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func compare(_ text: String, with name: String) throws {
    let path = Self.folder + "/" + name
    if Self.isRecording { try text.write(toFile: path, atomically: true, encoding: .utf8) }
    let golden = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == golden, "\(name) differs: the stored format or an answer has changed")
  }

  @Test func `Keys and blocks of fixed events are what they always were`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.everyCodec])
      try Self.fill(target)
      let lines = try target.store.pairs().map { "\(Self.hex($0[0])) \(Self.hex($0[1]))\n" }
      try compare(lines.joined(), with: "blocks.txt")
      try compare(try Self.answers(target.store), with: "answers.txt")
      target.close()
      if Self.isRecording { try record(target.path) }
    }
  }

  private func record(_ path: String) throws {
    let files = FileManager.default
    let golden = Self.folder + "/store"
    try? files.removeItem(atPath: golden)
    try files.copyItem(atPath: path, toPath: golden)
    for name in try files.contentsOfDirectory(atPath: golden)
    where name.hasPrefix("LOG") || name == "LOCK" || name == "loading" || name.hasSuffix(".log") {
      try files.removeItem(atPath: golden + "/" + name)
    }
  }

  @Test func `A store of the first version opens, answers and takes more in`() throws {
    try withTemporaryDirectory { folder in
      try FileManager.default.copyItem(atPath: Self.folder + "/store", toPath: folder + "/store")
      let wanted = try String(contentsOfFile: Self.folder + "/answers.txt", encoding: .utf8)
      for mode in [StoreMode.readOnly, .existing] {
        let store = try Store.open(at: folder + "/store", mode, options: testOptions)
        #expect(try Self.answers(store) == wanted)
        #expect(try store.verify().defects == [])
        #expect(try store.stream("mails").seal == .at("2024-03-20T12:00"))
        let view = try store.view("all")
        #expect(try store.position(of: "golden.csv", in: view.id) == [7, 0, 255])
        if mode == .existing {
          #expect(try store.register(Fixture.everyCodec) == .unchanged)
          _ = try store.append(
            Fixture.batch([Fixture.row(.at("2024-03-20T13:00"), "alice")]), to: "mails")
          let values = try store.reader(of: "all", features: ["COUNT"])
            .answer(EntityKey(parts: ["alice"]), at: .at("2024-03-21"))
          #expect(values == [.int(8)])
        }
        store.close()
      }
    }
  }
}
