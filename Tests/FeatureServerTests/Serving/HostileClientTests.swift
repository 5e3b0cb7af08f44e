// Whatever is sent, the server answers others: bad bytes, huge sizes, clients that never read, thousands of
// connections, and requests in the middle of which a client goes away.
import FeatureModel
import FeatureServer
import Foundation
import RESP
import Synchronization
import TestSupport
import Testing

@Suite struct HostileClientTests {
  private func isWell(_ world: ServerWorld) throws {
    #expect(try world.client().ask("PING") == .simple("PONG"))
  }

  @Test func protocolErrorsEndTheConnectionWithAReason() throws {
    try ServerWorld.with { world in
      let cases = [
        ("*1\r\n+PING\r\n", "expected '$', got '+'"), ("*x\r\n", "invalid multibulk length"),
        ("*1\r\n$-5\r\n", "invalid bulk length"), ("*99999999\r\n", "larger than the limit"),
        ("*1\r\n$999999999\r\n", "larger than the limit"), ("ECHO \"a\r\n", "unbalanced quotes"),
        (String(repeating: "x", count: 70_000), "larger than the limit"),
      ]
      for (bytes, reason) in cases {
        let client = try world.client()
        client.send(text: bytes)
        let rest = client.rest()
        #expect(rest.hasPrefix("-ERR Protocol error"), "\(bytes.prefix(40))")
        #expect(rest.contains(reason), "\(bytes.prefix(40)): \(rest)")
      }
      try isWell(world)
    }
  }

  @Test func randomBytesHurtNobody() throws {
    try ServerWorld.with { world in
      for seed in UInt64(0)..<300 {
        var random = SplitMix64(seed)
        let client = try world.client()
        var bytes: [UInt8] = []
        for _ in 0..<1 + random.below(6) {
          var command = WireClient.bytes(Self.command(&random))
          for _ in 0..<random.below(4) where !command.isEmpty {
            command[random.below(command.count)] = UInt8(random.below(256))
          }
          if random.chance(20) { command.removeLast(random.below(command.count)) }
          bytes += command
        }
        client.send(bytes)
        client.finishSending()
        _ = client.rest()
      }
      try isWell(world)
    }
  }

  private static func command(_ random: inout SplitMix64) -> [String] {
    let words = [
      "HMGET", "by_sender:a", "10m_N", "FS.GET", "by_sender", "ASOF", "XADD", "mails", "*", "at",
      "2026-03-01T12:00:00Z", "MULTI", "EXEC", "FS.MGET", "3", "FEATURES", "1", "CLIENT", "KILL",
      "ID",
      "FS.VECTOR", "risk", "sender=a", "recipient=\u{FFFD}", "", "HELLO", "3", "CONFIG", "GET", "*",
      "SLOWLOG", "COMMAND", "DOCS", "INFO", "DISCARD", "FS.EXPLAIN", "XINFO", "STREAM", "-1",
      "9223372036854775807", "99999999999999999999",
    ]
    return (0..<1 + random.below(8)).map { _ in random.pick(words) }
  }

  @Test func keysNeedNotBeText() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      let key: [UInt8] = [0xFF, 0x00, 0x0D, 0x0A, 0x7C]
      func bulk(_ bytes: [UInt8]) -> [UInt8] {
        Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
      }
      func array(_ words: [[UInt8]]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap(bulk)
      }
      let time = world.clock.now.description
      client.send(
        array(["XADD", "mails", "*", "at", time, "sender"].map { Array($0.utf8) } + [key]))
      #expect(try client.reply().errorText?.contains("field 'sender'") == true)
      client.send(array([Array("HGET".utf8), Array("by_sender:".utf8) + key, Array("10m_N".utf8)]))
      // Nobody has this name, and asking is no mistake.
      #expect(try client.reply().text == "0")
    }
  }

  @Test func aClientThatNeverReadsIsDropped() throws {
    var settings = ServerConfiguration()
    settings.outputLimitBytes = 1 << 20
    try ServerWorld.with(settings) { world in
      let port = world.port
      let sent = Atomic<Int>(0)
      let hasJammed = Atomic<Bool>(false)
      // Asks and asks until the server takes no more.
      let sender = Background {
        guard let deaf = try? WireClient(port: port, sendSeconds: 2) else { return }
        let command = WireClient.bytes(["COMMAND", "DOCS"])
        while sent.load(ordering: .relaxed) < 200_000 {
          guard deaf.send(command) else { return hasJammed.store(true, ordering: .releasing) }
          sent.add(1, ordering: .relaxed)
        }
      }
      let other = try world.client()
      for _ in 0..<500 { #expect(try other.ask("PING") == .simple("PONG")) }
      sender.wait()
      let jammed = hasJammed.load(ordering: .acquiring)
      #expect(jammed)
      try isWell(world)
    }
  }

  @Test func clientsThatGoAwayInTheMiddle() throws {
    try ServerWorld.with { world in
      for seed in UInt64(0)..<200 {
        var random = SplitMix64(seed)
        let client = try world.client()
        let mails = (0..<50).flatMap { _ in
          WireClient.bytes(ServerWorld.mail("ann", at: world.clock.now))
        }
        let explain = WireClient.bytes(["FS.EXPLAIN", "by_sender", "ann", "10m_N"])
        let bytes = random.chance(50) ? mails : explain
        client.send(Array(bytes.prefix(random.below(bytes.count + 1))))
      }
      try isWell(world)
    }
  }

  @Test func tenThousandConnections() throws {
    var settings = ServerConfiguration()
    settings.maxClients = 100
    try ServerWorld.with(settings) { world in
      var refused = 0
      for round in 0..<100 {
        let clients = try (0..<105).map { _ in try world.client() }
        guard round == 50 else { continue }
        for client in clients {
          do {
            if try client.ask("PING").errorText?.contains("max number of clients") == true {
              refused += 1
            }
          } catch { refused += 1 }
        }
      }
      #expect(refused >= 5)
      // Those that are gone are noticed soon.
      for _ in 0..<200 {
        if (try? world.client().ask("PING")) == .simple("PONG") { return }
        usleep(20_000)
      }
      Issue.record("the server takes nobody any more")
    }
  }

  @Test func webPagesAreServedAndAttacksFromThemAreNot() throws {
    try ServerWorld.with { world in
      func get(_ request: String) throws -> String {
        let client = try world.client()
        client.send(text: request)
        return client.rest()
      }
      let metrics = try get("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(metrics.hasPrefix("HTTP/1.1 200 OK"))
      #expect(metrics.contains("hindcast_clients 1\n"))
      #expect(try get("GET /healthz HTTP/1.1\r\n\r\n").hasSuffix("ok\n"))
      #expect(try get("GET /readyz HTTP/1.0\r\n\r\n").hasSuffix("ready\n"))
      #expect(try get("HEAD /readyz HTTP/1.1\r\n\r\n").hasSuffix("\r\n\r\n"))
      #expect(try get("GET /x HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404"))
      let attack = try get("POST / HTTP/1.1\r\nHost: x\r\n\r\nFS.CHECKPOINT /tmp/x\r\n")
      #expect(attack.hasPrefix("HTTP/1.1 405"))
      #expect(!attack.contains("OK\r\n+"))
      let long = "GET /x HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 5000)
      #expect(try get(long).hasPrefix("HTTP/1.1 431"))
    }
  }

  @Test func answersThatAreManyComeInPieces() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      let commands = [["MULTI"]] + Array(repeating: ["COMMAND", "DOCS"], count: 100) + [["EXEC"]]
      let plain = Array(repeating: ["COMMAND", "DOCS"], count: 200) + [["PING"]]
      let port = world.port
      // Whoever asks for much keeps nobody else waiting.
      let other = Background {
        guard let client = try? WireClient(port: port) else { return }
        for _ in 0..<200 { _ = try? client.ask("PING") }
      }
      let replies = try client.pipeline(plain)
      #expect(replies.last == .simple("PONG"))
      #expect(replies.dropLast().allSatisfy { $0 == replies[0] })
      #expect(try client.pipeline(commands).last?.items?.count == 100)
      other.wait()
    }
  }

  @Test func filesAtTheSocketsPathStay() throws {
    try withTemporaryDirectory { folder in
      var settings = ServerConfiguration()
      settings.unixSocket = folder + "/precious"
      try Data("keep me".utf8).write(to: URL(fileURLWithPath: folder + "/precious"))
      #expect(throws: SystemError.self) { _ = try ServerWorld(at: folder, settings) }
      #expect(try String(contentsOfFile: folder + "/precious", encoding: .utf8) == "keep me")
    }
  }

  @Test func rolesAreHeld() throws {
    let users = [("default", Role.read), ("feeder", .write), ("boss", .admin)].map { name, role in
      User(name: name, role: role, password: Self.digest(of: name + " secret"))
    }
    var settings = ServerConfiguration()
    settings.users = Users(users)
    try ServerWorld.with(settings) { world in
      let client = try world.client()
      #expect(try client.ask("PING").errorText?.hasPrefix("NOAUTH") == true)
      #expect(try client.ask("HELLO", "3").errorText?.hasPrefix("NOAUTH") == true)
      #expect(try client.ask("AUTH", "wrong").errorText?.hasPrefix("WRONGPASS") == true)
      #expect(try client.ask("AUTH", "default secret") == .simple("OK"))
      #expect(try client.ask("HGET", "by_sender:a", "10m_N").text == "0")
      let mail = ServerWorld.mail("a", at: world.clock.now)
      #expect(try client.ask(mail).errorText?.hasPrefix("NOPERM") == true)
      #expect(try client.ask("AUTH", "feeder", "feeder secret") == .simple("OK"))
      #expect(try client.ask(mail).errorText == nil)
      #expect(try client.ask("SHUTDOWN").errorText?.hasPrefix("NOPERM") == true)
      let boss = try world.client()
      #expect(
        try boss.ask("HELLO", "3", "AUTH", "boss", "boss secret", "SETNAME", "b")["proto"]
          == .integer(3))
      #expect(try boss.ask("CLIENT", "KILL", "USER", "feeder") == .integer(1))
      #expect(throws: WireClient.Closed.self) { try client.ask("PING") }
      // A stranger cannot make the server hold much.
      let stranger = try world.client()
      stranger.send(text: "*2\r\n$4\r\nAUTH\r\n$100000\r\n")
      #expect(stranger.rest().contains("larger than the limit"))
    }
  }

  private static func digest(of text: String) -> SHA256 {
    Array(text.utf8).withUnsafeBytes { SHA256(of: $0) }
  }
}
