// The client's connections: made, lost and made again, silent, refused, closed; and what a caller is told each
// time.
import FeatureModel
import FeatureServer
import Hindcast
import RESP
import Synchronization
import TestSupport
import Testing

@Suite struct ClientConnectionTests {
  @Test func `A server that is started again is found again`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      _ = try await client.add(world.mail("ann"), to: "mails")
      world.clock.advance(60_000)
      let before = try await client.features(of: "by_sender", entity: ["ann"])
      for _ in 0..<3 {
        world.stop()
        do throws(ClientError) {
          try await client.ping()
          Issue.record("nobody was there, and answered")
        } catch {
          guard case .cannotConnect(let address, let reason) = error else {
            Issue.record("\(error)")
            return
          }
          #expect(address == "\(client.configuration.address)")
          #expect(reason.contains("refused"))
        }
        try world.start()
        let after = try await client.features(of: "by_sender", entity: ["ann"])
        #expect(areSame(before, after))
      }
    }
  }

  @Test func `A look-up is sent once more where its connection ended, a change is not`()
    async throws
  {
    let server = try FakeServer { connection, words in
      connection == 1 || words[0] != "PING" ? .close : .bytes("+PONG\r\n")
    }
    defer { server.stop() }
    let client = Client(.init(port: server.port))
    try await client.ping()
    #expect(server.connections == 2)
    do throws(ClientError) {
      _ = try await client.send(["FS.CHECKPOINT", "/nowhere"])
      Issue.record("it was answered")
    } catch {
      guard case .connectionLost = error else {
        Issue.record("\(error)")
        return
      }
    }
    #expect(server.connections == 2)
  }

  @Test func `Passwords are said, and wrong ones told`() async throws {
    let users = [
      User(name: "default", role: .admin, password: SHA256(of: "open sesame")),
      User(name: "reader", role: .read, password: SHA256(of: "look only")),
    ]
    let secure: (inout ServerConfiguration) -> Void = { $0.users = Users(users) }
    try await ClientWorld.with(secure) { world in
      try await world.client { $0.password = "open sesame" }.ping()
      let reader = world.client {
        $0.user = "reader"
        $0.password = "look only"
        $0.name = "scorer-7"
      }
      #expect(try await reader.send(["CLIENT", "GETNAME"]).text == "scorer-7")
      do throws(ClientError) {
        try await reader.register(declarations: [ClientWorld.stream])
        Issue.record("a reader registered something")
      } catch { #expect(error.code == "NOPERM", "\(error)") }
      for (password, code) in [("wrong", "WRONGPASS"), (nil, "NOAUTH")] {
        do throws(ClientError) {
          try await world.client { $0.password = password }.ping()
          Issue.record("it got in")
        } catch {
          guard case .loginRefused = error else {
            Issue.record("\(error)")
            return
          }
          #expect(error.code == code)
        }
      }
    }
  }

  @Test func `A socket in the file system does as well`() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/socket"
      let world = try ClientWorld(folder) {
        $0.port = nil
        $0.unixSocket = path
      }
      try world.start()
      defer { world.stop() }
      let client = Client(.init(unixSocket: path))
      try await client.ping()
      #expect(try await client.send(["ECHO", "é\r\n"]).text == "é\r\n")
      await #expect(throws: ClientError.self) {
        try await Client(.init(unixSocket: path + "-no")).ping()
      }
    }
  }

  @Test func `Silence ends a call after its time`() async throws {
    let silent = try FakeServer(isGreeting: false) { _, _ in .bytes("") }
    defer { silent.stop() }
    var configuration = Client.Configuration(port: silent.port)
    configuration.connectTimeout = .milliseconds(100)
    do throws(ClientError) {
      try await Client(configuration).ping()
      Issue.record("silence was taken for an answer")
    } catch {
      #expect("\(error)".contains("no answer within the time allowed"), "\(error)")
    }
    // The call's own time counts while its connection is made.
    configuration.connectTimeout = .seconds(600)
    configuration.timeout = .milliseconds(100)
    await #expect(throws: ClientError.timedOut) { try await Client(configuration).ping() }
  }

  @Test func `A call that takes too long fails alone, and a connection that is dead is left`()
    async throws
  {
    let server = try FakeServer { connection, words in
      switch words[0] {
      case "ECHO": .bytes("$2\r\nhi\r\n")
      case "PING" where connection > 1: .bytes("+PONG\r\n")
      default: .bytes("")
      }
    }
    defer { server.stop() }
    var configuration = Client.Configuration(port: server.port)
    configuration.poolSize = 1
    configuration.timeout = .milliseconds(200)
    let client = Client(configuration)
    #expect(try await client.send(["ECHO", "hi"]).text == "hi")
    await #expect(throws: ClientError.timedOut) { try await client.ping() }
    // The server has said nothing since: the next call gets a connection of its own.
    try await client.ping()
    #expect(server.connections == 2)
  }

  @Test func `A reply that comes too late is nobody's`() async throws {
    let held = Atomic(false)
    let server = try FakeServer { _, words in
      if words[0] == "SLOW" {
        held.store(true, ordering: .releasing)
        return .bytes("")
      }
      // The slow one's reply, and its own.
      let late = held.exchange(false, ordering: .acquiringAndReleasing) ? "+late\r\n" : ""
      return .bytes("\(late)$\(words[1].utf8.count)\r\n\(words[1])\r\n")
    }
    defer { server.stop() }
    var configuration = Client.Configuration(port: server.port)
    configuration.poolSize = 1
    configuration.timeout = .seconds(60)
    let client = Client(configuration)
    #expect(try await client.send(["ECHO", "a"]).text == "a")
    let slow = Task { try await client.send(["SLOW"]) }
    while !held.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
    slow.cancel()
    await #expect(throws: ClientError.cancelled) { _ = try await slow.value }
    #expect(try await client.send(["ECHO", "b"]).text == "b")
    #expect(try await client.send(["ECHO", "c"]).text == "c")
    #expect(server.connections == 1)
  }

  @Test func `Closing ends what is under way`() async throws {
    let server = try FakeServer { _, _ in .bytes("") }
    defer { server.stop() }
    let client = Client(.init(port: server.port))
    let waiting = Task { try await client.ping() }
    while server.connections == 0 { try await Task.sleep(for: .milliseconds(1)) }
    client.close()
    await #expect(throws: ClientError.closed) { try await waiting.value }
    await #expect(throws: ClientError.closed) { try await client.ping() }
  }

  @Test func `What is no protocol ends the connection, and is told`() async throws {
    for garbage in ["HTTP/1.1 400\r\n", "$nine\r\n", "*1\r\n+OK\r\n+one too many\r\n", "$-7\r\n"] {
      let server = try FakeServer { _, _ in .bytes(garbage) }
      defer { server.stop() }
      let client = Client(.init(port: server.port))
      for _ in 0..<2 {
        let reply = try? await client.send(["ECHO", "x"])
        #expect(reply == nil || garbage.hasPrefix("*"), "\(garbage)")
      }
    }
  }

  @Test func `Any command may be sent, but none that others would feel`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      let (pong, views) = (try await client.send(["PING"]), try await client.send(["FS.VIEWS"]))
      #expect(pong == .simple("PONG") && views == .array([]))
      do throws(ClientError) {
        _ = try await client.send(["FS.NONSENSE"])
        Issue.record("nonsense was understood")
      } catch { #expect(error.code == "ERR") }
      for command in ["multi", "HELLO", "quit", "RESET", "AUTH"] {
        await #expect(throws: ClientError.self) { _ = try await client.send([command]) }
      }
      await #expect(throws: ClientError.self) { _ = try await client.send([]) }
    }
  }
}
