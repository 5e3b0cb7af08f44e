// A store in a folder of its own that can be closed, opened again and looked into.
import FeatureModel
import Rocks
import SliceStore
import TestSupport

/// Small memory, because tests have many stores at once.
let testOptions: StoreOptions = {
  var options = StoreOptions()
  options.cacheBytes = 8 << 20
  options.forgetStepBytes = 4 << 10
  return options
}()

/// How much memory a build may have in the test of a seed: all that it wants, or so little that it reads the
/// events several times, and stores what it made of them in parts.
func memory(seed: UInt64) -> Int? { [nil, 1, 4_000, 20_000][Int(seed / 3 % 4)] }

final class TestStore {
  let path: String
  let stream: String
  private let options: StoreOptions
  private var opened: Store?
  var store: Store { opened! }

  /// - Parameter loadBytes: with little of it, what is loaded or built is stored in parts.
  init(
    at path: String, _ stream: StreamDeclaration, _ views: [ViewDeclaration], loadBytes: Int? = nil
  ) throws {
    self.path = path
    self.stream = stream.name
    var options = testOptions
    if let loadBytes { options.loadBytes = loadBytes }
    self.options = options
    let store = try Store.open(at: path, options: options)
    try store.register(stream)
    for view in views { try store.register(view) }
    opened = store
  }

  func reopen() throws {
    opened?.close()
    opened = nil
    opened = try Store.open(at: path, .existing, options: options)
  }

  func close() {
    opened?.close()
    opened = nil
  }

  func append(_ rows: [[Value]], position: SourcePosition? = nil) throws {
    var batch = EventBatch(try store.stream(stream).declaration)
    for row in rows { batch.append(row) }
    _ = try store.append(
      batch, to: stream, position: position, durability: .written, refusals: .skipRows)
  }

  /// All features of a view for one entity.
  func answer(
    _ view: String, _ entity: [String], at time: Timestamp, _ mode: ReadMode = .asServed
  ) throws -> [Value] {
    try store.reader(of: view).answer(EntityKey(parts: entity), at: time, mode)
  }
}

extension Store {
  /// Everything in the family of blocks and positions, in key order.
  func pairs() throws -> [[[UInt8]]] {
    var found: [[[UInt8]]] = []
    var cursor = database.cursor(in: slices)
    cursor.seekToFirst()
    while cursor.isValid {
      found.append([Array(cursor.key), Array(cursor.value)])
      cursor.next()
    }
    try cursor.check()
    return found
  }
}

extension Timestamp {
  /// For times written in tests.
  static func at(_ text: String) -> Timestamp { Timestamp(parsing: text)! }

  func advanced(by milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)!
  }
}
