// Commands about the connection itself: who is calling, and in which version of the protocol.
import FeatureModel
import Hindcast
import RESP

extension EventLoop {
  func performConnection(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    switch id {
    case .hello: try hello(words, connection)
    case .auth:
      guard words.count <= 3 else { throw LookupError("ERR syntax error") }
      let user = words.count == 3 ? words.string(1) : Users.defaultName
      try authenticate(user, words[words.count - 1], connection)
      out.ok()
    case .ping:
      guard words.count <= 2 else { throw Self.arity("ping") }
      if words.count == 2 { out.bulk(words[1]) } else { out.simple("PONG") }
    case .echo: out.bulk(words[1])
    case .select:
      guard words.integer(1) == 0 else { throw LookupError("ERR DB index is out of range") }
      out.ok()
    case .quit:
      out.ok()
      connection.isClosing = true
    case .reset: reset(connection)
    default: try performClient(id, words, connection)
    }
  }

  private static func arity(_ name: String) -> LookupError {
    LookupError("ERR wrong number of arguments for '\(name)' command")
  }

  private func authenticate(
    _ user: String, _ password: UnsafeRawBufferPointer, _ connection: Connection
  ) throws(LookupError) {
    var name = user
    let role = name.withUTF8 {
      context.configuration.users.authenticate(
        name: UnsafeRawBufferPointer($0), password: password)
    }
    guard let role else {
      context.log.warning(
        "a wrong password", ["client": .text(connection.client.peer), "user": .text(user)])
      throw LookupError("WRONGPASS invalid username-password pair or user is disabled.")
    }
    connection.role = role
    connection.client.profile.withLock { $0.user = user }
  }

  /// HELLO [version [AUTH user password] [SETNAME name]]
  private func hello(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    var version = connection.version
    var place = 1
    if words.count > 1 {
      guard let number = words.integer(1), let known = UInt8(exactly: number),
        let wanted = ProtocolVersion(rawValue: known)
      else { throw LookupError("NOPROTO unsupported protocol version") }
      version = wanted
      place = 2
    }
    var name: String?
    while place < words.count {
      if words.isWord(place, "AUTH"), place + 2 < words.count {
        try authenticate(words.string(place + 1), words[place + 2], connection)
        place += 3
      } else if words.isWord(place, "SETNAME"), place + 1 < words.count {
        name = try Self.clientName(words.string(place + 1))
        place += 2
      } else {
        throw LookupError("ERR Syntax error in HELLO option '\(words.string(place).prefix(60))'")
      }
    }
    guard connection.role != nil else {
      throw LookupError(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> "
          + "AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
      )
    }
    connection.version = version
    out.version = version
    connection.client.profile.withLock {
      $0.version = version
      if let name { $0.name = name }
    }
    tellServer(connection)
  }

  private func tellServer(_ connection: Connection) {
    out.map(7)
    for (name, value) in [
      ("server", "hindcast"), ("version", hindcastVersion), ("mode", "standalone"),
      ("role", "master"),
    ] {
      out.bulk(name)
      out.bulk(value)
    }
    out.bulk("proto")
    out.integer(Int64(connection.version.rawValue))
    out.bulk("id")
    out.integer(Int64(connection.client.id))
    out.bulk("modules")
    out.array(0)
  }

  private func reset(_ connection: Connection) {
    connection.transaction = nil
    connection.version = .resp2
    out.version = .resp2
    connection.role = context.configuration.users.roleOfStrangers
    connection.client.profile.withLock { profile in
      profile.name = ""
      profile.user = Users.defaultName
      profile.version = .resp2
    }
    out.simple("RESET")
  }

  private static func clientName(_ name: String) throws(LookupError) -> String {
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), name.utf8.count <= 256 else {
      throw LookupError(
        "ERR Client names cannot contain spaces, newlines or special characters, or be longer than 256 bytes."
      )
    }
    return name
  }
}

// CLIENT.
extension EventLoop {
  private func performClient(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    let client = connection.client
    switch id {
    case .clientID: out.integer(Int64(client.id))
    case .clientInfo: out.bulk(client.line(now: now) + "\n")
    case .clientGetName:
      let name = client.profile.withLock { $0.name }
      if name.isEmpty { out.null() } else { out.bulk(name) }
    case .clientSetName:
      let name = try Self.clientName(words.string(2))
      client.profile.withLock { $0.name = name }
      out.ok()
    case .clientSetInfo:
      let value = try Self.clientName(words.string(3))
      switch words.name(2) {
      case "LIB-NAME": client.profile.withLock { $0.library = value }
      case "LIB-VER": client.profile.withLock { $0.libraryVersion = value }
      default: throw LookupError("ERR Unrecognized option '\(words.string(2).prefix(60))'")
      }
      out.ok()
    case .clientList:
      out.bulk(context.clients.all.map { $0.line(now: now) + "\n" }.joined())
    case .clientKill: try kill(words, connection)
    default:
      guard words.isWord(2, "ON") || words.isWord(2, "OFF") else {
        throw LookupError("ERR syntax error")
      }
      out.ok()
    }
  }

  /// CLIENT KILL address, or any of ID, ADDR, USER and SKIPME with their values.
  private func kill(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    if words.count == 3 {
      let peer = words.string(2)
      guard let found = context.clients.all.first(where: { $0.peer == peer }) else {
        throw LookupError("ERR No such client")
      }
      end(found, connection)
      return out.ok()
    }
    guard words.count % 2 == 0 else { throw LookupError("ERR syntax error") }
    var doomed = context.clients.all
    var skipsMe = true
    for place in stride(from: 2, to: words.count, by: 2) {
      let value = words.string(place + 1)
      switch words.name(place) {
      case "ID": doomed.removeAll { String($0.id) != value }
      case "ADDR": doomed.removeAll { $0.peer != value }
      case "USER": doomed.removeAll { client in client.profile.withLock { $0.user } != value }
      case "SKIPME": skipsMe = value.lowercased() != "no"
      default: throw LookupError("ERR syntax error")
      }
    }
    if skipsMe { doomed.removeAll { $0 === connection.client } }
    for client in doomed { end(client, connection) }
    out.integer(Int64(doomed.count))
  }

  private func end(_ client: ClientRecord, _ connection: Connection) {
    if client === connection.client {
      connection.isClosing = true
    } else {
      context.inboxes[client.loop].send(
        .kill(ConnectionHandle(descriptor: client.descriptor, generation: client.generation)))
    }
  }
}
