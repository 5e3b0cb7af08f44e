// Who is connected, over all loops: for CLIENT LIST and KILL, INFO and the limit on their number.
import FeatureModel
import RESP
import Synchronization

/// What others may know of a connection.
final class ClientRecord: Sendable {
  /// What a connection has said of itself.
  struct Profile {
    var name = ""
    var library = ""
    var libraryVersion = ""
    var user = Users.defaultName
    var command = ""
    var version = ProtocolVersion.resp2
  }

  let id: UInt64
  let peer: String
  let loop: Int
  let descriptor: Int32
  let generation: UInt32
  let since: Timestamp
  let profile = Mutex(Profile())
  let lastActive: Atomic<Int64>

  init(
    id: UInt64, peer: String, loop: Int, descriptor: Int32, generation: UInt32, since: Timestamp
  ) {
    self.id = id
    self.peer = peer
    self.loop = loop
    self.descriptor = descriptor
    self.generation = generation
    self.since = since
    lastActive = Atomic(since.milliseconds)
  }

  /// A line as Redis writes them.
  func line(now: Timestamp) -> String {
    let profile = profile.withLock { $0 }
    let age = max(0, now.milliseconds - since.milliseconds) / 1000
    let idle = max(0, now.milliseconds - lastActive.load(ordering: .relaxed)) / 1000
    return "id=\(id) addr=\(peer) fd=\(descriptor) name=\(profile.name) age=\(age) idle=\(idle) "
      + "flags=N db=0 cmd=\(profile.command.isEmpty ? "NULL" : profile.command) "
      + "user=\(profile.user) resp=\(profile.version.rawValue) lib-name=\(profile.library) "
      + "lib-ver=\(profile.libraryVersion)"
  }
}

/// All connections.
final class Clients: Sendable {
  private struct State {
    var records: [UInt64: ClientRecord] = [:]
    var nextID: UInt64 = 1
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int { state.withLock { $0.records.count } }

  /// Ascending by id.
  var all: [ClientRecord] {
    state.withLock { Array($0.records.values) }.sorted { $0.id < $1.id }
  }

  /// Nil where there are too many.
  func add(
    peer: String, loop: Int, descriptor: Int32, generation: UInt32, since: Timestamp
  ) -> ClientRecord? {
    state.withLock { state in
      guard state.records.count < limit else { return nil }
      let record = ClientRecord(
        id: state.nextID, peer: peer, loop: loop, descriptor: descriptor, generation: generation,
        since: since)
      state.nextID += 1
      state.records[record.id] = record
      return record
    }
  }

  func remove(_ record: ClientRecord) { state.withLock { $0.records[record.id] = nil } }
}
