// A feature set, understood once: runs of features of one view each, and where each run finds its key among the
// fields that a request names.
import Glibc
import RESP

/// A feature set as one loop answers it. The runs' answers end to end are the vector, unless it is computed.
package final class SetPlan {
  let runs: [ReadPlan]
  /// Makes the vector of a set that is more than a list of features; there are no runs then.
  let vector: VectorPlan?
  /// Features of all runs.
  let count: Int
  /// Key fields of all views, each once.
  package let fields: [String]
  /// For each run the places of its key's fields in `fields`.
  let places: [[Int]]
  private let name: [UInt8]
  private let version: ProtocolVersion
  private let names: [[UInt8]]
  /// Whether every view's key is one field, so that keys stand in requests as they are.
  package let hasPlainKeys: Bool
  /// Where each field stood in the latest request; -1 where it was not named.
  private(set) var words: [Int]
  /// A key of several parts, as it is written.
  private var joined: [UInt8] = []
  /// All key fields as a key of as many parts.
  private(set) var whole: [UInt8] = []

  package init(_ name: [UInt8], _ version: ProtocolVersion, runs: [ReadPlan], count: Int) {
    self.name = name
    self.version = version
    self.runs = runs
    self.count = count
    vector = nil
    var fields: [String] = []
    for field in runs.flatMap(\.view.declaration.entity) where !fields.contains(field) {
      fields.append(field)
    }
    self.fields = fields
    places = runs.map { $0.view.declaration.entity.map { fields.firstIndex(of: $0)! } }
    names = fields.map { Array($0.utf8) }
    words = fields.map { _ in -1 }
    hasPlainKeys = places.allSatisfy { $0.count == 1 }
  }

  init(_ name: [UInt8], _ version: ProtocolVersion, _ vector: VectorPlan) {
    self.name = name
    self.version = version
    runs = []
    count = vector.reader.shape.types.count
    self.vector = vector
    fields = vector.reader.shape.keyFields
    places = []
    names = fields.map { Array($0.utf8) }
    words = fields.map { _ in -1 }
    hasPlainKeys = false
  }

  package func matches(_ other: UnsafeRawBufferPointer, _ version: ProtocolVersion) -> Bool {
    self.version == version && Self.isSame(name, other)
  }

  private static func isSame(_ name: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
    name.count == other.count
      && name.withUnsafeBytes { memcmp($0.baseAddress!, other.baseAddress!, other.count) == 0 }
  }

  /// Finds the key fields among words `field=value`.
  /// - Returns: the first word that is none of them.
  package func take(_ request: RequestWords, from start: Int) throws(LookupError) -> Int {
    for index in words.indices { words[index] = -1 }
    var place = start
    while place < request.count {
      let word = request[place]
      guard let sign = word.firstIndex(of: UInt8(ascii: "=")) else { break }
      let field = UnsafeRawBufferPointer(rebasing: word[..<sign])
      guard let index = names.firstIndex(where: { Self.isSame($0, field) }) else {
        let given = String(decoding: field.prefix(60), as: UTF8.self)
        throw LookupError(
          "ERR no view of the set has the key field '\(given)'; it needs \(list)")
      }
      guard words[index] < 0 else {
        throw LookupError("ERR the key field '\(fields[index])' is given twice")
      }
      words[index] = place
      place += 1
    }
    if let missing = words.firstIndex(of: -1) {
      throw LookupError(
        "ERR the key field '\(fields[missing])' is missing; the set needs \(list)")
    }
    return place
  }

  private var list: String { fields.map { "\($0)=..." }.joined(separator: " ") }

  private func value(_ field: Int, _ request: RequestWords) -> UnsafeRawBufferPointer {
    let word = request[words[field]]
    return UnsafeRawBufferPointer(rebasing: word[(names[field].count + 1)...])
  }

  /// A run's key where it stands in the request; for sets that have plain keys.
  package func plainKey(of run: Int, _ request: RequestWords) -> UnsafeRawBufferPointer {
    value(places[run][0], request)
  }

  /// Calls `body` with a run's key as it is written.
  package func withKey(
    of run: Int, _ request: RequestWords,
    _ body: (UnsafeRawBufferPointer) throws(LookupError) -> Void
  ) throws(LookupError) {
    let places = places[run]
    if places.count == 1 { return try body(value(places[0], request)) }
    write(places, request, into: &joined)
    // The array stands still while it is lent: nobody asks for another key meanwhile.
    let key = joined
    let result = key.withUnsafeBytes { key in
      Result { () throws(LookupError) in try body(key) }
    }
    try result.get()
  }

  /// Puts the key of some fields, by their places, as it is written into `key`.
  func write(_ places: [Int], _ request: RequestWords, into key: inout [UInt8]) {
    key.removeAll(keepingCapacity: true)
    if places.count == 1 { return key.append(contentsOf: value(places[0], request)) }
    for (index, field) in places.enumerated() {
      if index > 0 { key.append(UInt8(ascii: "|")) }
      for byte in value(field, request) {
        if byte == UInt8(ascii: "|") || byte == UInt8(ascii: "\\") {
          key.append(UInt8(ascii: "\\"))
        }
        key.append(byte)
      }
    }
  }

  /// The value of the one key field where it stands in the request.
  func plainValue(_ request: RequestWords) -> UnsafeRawBufferPointer { value(0, request) }

  /// Puts the key of all fields into `whole`.
  func writeWhole(_ request: RequestWords) {
    if let vector { write(vector.allPlaces, request, into: &whole) }
  }
}
