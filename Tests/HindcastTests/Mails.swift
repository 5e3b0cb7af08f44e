// A small world for the tests of the shared API: e-mails with an arrival time, views over them, and files.
import FeatureModel
import Foundation
import Hindcast
import SliceStore

enum Mails {
  static let stream = """
    { "stream": "mails",
      "fields": { "sender": "string", "at": "timestamp", "seen": "timestamp", "size": "int",
                  "topic": "string" },
      "eventTime": "at", "arrivalTime": "seen" }
    """
  static let bySender = """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d",
      "features": { "{window}_N": { "count": true, "windows": ["1d", "30d"] },
                    "{window}_SIZE": { "sum": "size", "windows": ["30d"] } } }
    """
  static let byTopic = """
    { "view": "by_topic", "stream": "mails", "entity": ["topic"], "slice": "1d",
      "features": { "{window}_N": { "count": true, "windows": ["30d"] } } }
    """
  static let header = "sender,at,seen,size,topic"

  /// Rows of day 1 to 28 of January 2026: `ann` and some others, each seen one hour later.
  static func rows(_ numbers: Range<Int>) -> [String] {
    numbers.map { number in
      let sender = number % 3 == 0 ? "ann" : "sender\(number % 50)"
      let day = number % 28 + 1
      let date = "2026-01-\(day < 10 ? "0" : "")\(day)"
      return "\(sender),\(date)T10:00:00Z,\(date)T11:00:00Z,\(number % 7),topic\(number % 5)"
    }
  }

  static func json(_ row: String) -> String {
    let cells = row.split(separator: ",", omittingEmptySubsequences: false)
    return
      #"{"topic":"\#(cells[4])","sender":"\#(cells[0])","at":"\#(cells[1])","seen":"\#(cells[2])","size":\#(cells[3])}"#
  }
}

/// One store in a folder, with the stream and its views registered.
struct World {
  let folder: String
  let store: FeatureStore

  init(_ folder: String, views: [String] = [Mails.bySender], loadBytes: Int? = nil) throws {
    self.folder = folder
    var options = StoreOptions()
    options.cacheBytes = 4 << 20
    if let loadBytes { options.loadBytes = loadBytes }
    store = try FeatureStore.open(folder + "/store", .create, options: options)
    _ = try register([Mails.stream] + views)
  }

  func register(_ texts: [String]) throws -> [RegistrationReport] {
    try store.register(
      texts.enumerated().map {
        DeclarationText(name: "file\($0.offset).json", text: Array($0.element.utf8))
      })
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// Writes a file of whole lines, or with its last line left open; gzip'd by its name.
  @discardableResult
  func write(_ name: String, _ lines: [String], isOpen: Bool = false) throws -> String {
    let text = lines.joined(separator: "\n") + (isOpen ? "" : "\n")
    return try write(name, text: text)
  }

  @discardableResult
  func write(_ name: String, text: String) throws -> String {
    let path = path(name)
    try write(Array(text.utf8), to: path)
    return path
  }

  private func write(_ bytes: [UInt8], to path: String) throws(RowFileError) {
    var sink = try ByteSink(path: path)
    try bytes.withUnsafeBufferPointer { (bytes) throws(RowFileError) in
      try sink.write(UnsafeRawBufferPointer(bytes))
    }
    _ = try sink.finish()
  }

  func csv(_ name: String, _ rows: [String], isOpen: Bool = false) throws -> String {
    try write(name, [Mails.header] + rows, isOpen: isOpen)
  }

  @discardableResult
  func ingest(
    _ path: String, source: String? = nil, rejects: String? = nil, chunkBytes: Int? = nil
  ) throws -> IngestReport {
    var options = IngestOptions()
    options.source = source
    options.rejects = rejects
    options.chunkBytes = chunkBytes
    return try store.ingest(path, into: "mails", options)
  }

  /// The events of a view's entity in January 2026, as far as is known by now.
  func count(_ entity: String, view: String = "by_sender") throws -> Int64 {
    let answer = try store.get(
      view, entity: [entity], at: Timestamp(parsing: "2026-01-31")!, .corrected,
      features: ["30d_N"])
    guard case .int(let count) = answer[0].value else { return -1 }
    return count
  }

  /// What is expected of `count` after rows were taken in once each.
  static func count(_ entity: String, in rows: [String]) -> Int64 {
    Int64(rows.count { $0.hasPrefix(entity + ",") && !$0.contains(",2025-") })
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }
}

/// The message of whatever a call throws; nil where it throws nothing.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch { return "\(error)" }
}
