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

final class TestStore {
  let path: String
  let stream: String
  private var opened: Store?
  var store: Store { opened! }

  init(at path: String, _ stream: StreamDeclaration, _ views: [ViewDeclaration]) throws {
    self.path = path
    self.stream = stream.name
    let store = try Store.open(at: path, options: testOptions)
    try store.register(stream)
    for view in views { try store.register(view) }
    opened = store
  }

  func reopen() throws {
    opened?.close()
    opened = nil
    opened = try Store.open(at: path, .existing, options: testOptions)
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
