// Events through the Swift client: stored once, whatever happens to the connection on the way.
import FeatureModel
import Hindcast
import RESP
import TestSupport
import Testing

@Suite struct ClientEventTests {
  @Test func `Ids rise by producer, and what was sent before is refused`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      #expect(try await client.lastID(of: "mails", producer: "c") == nil)
      let first = try await client.add(world.mail("ann"), to: "mails", producer: "c", id: "5-1")
      #expect(first == "5-1")
      #expect(try await client.lastID(of: "mails", producer: "c") == "5-1")
      for id in ["5-1", "5-0", "4-9"] {
        do throws(ClientError) {
          _ = try await client.add(world.mail("ann"), to: "mails", producer: "c", id: id)
          Issue.record("\(id) was taken")
        } catch { #expect(error.code == "ERR", "\(error)") }
      }
      let next = try await client.add(world.mail("ann"), to: "mails", producer: "c")
      #expect(try await client.lastID(of: "mails", producer: "c") == next)
      #expect(try await client.lastID(of: "mails") == nil)
      let texts = [("sender", "ann"), ("at", "\(world.clock.now)"), ("size", "7")]
      _ = try await client.add(texts.map { (name: $0.0, text: $0.1) }, to: "mails")
      world.clock.advance(60_000)
      let found = try await client.features(of: "by_sender", entity: ["ann"], ["1h_N", "1h_SIZE"])
      #expect(found.map(\.value) == [.int(3), .int(9)])
    }
  }

  @Test func `A batch goes out end to end, and every event's fate is told`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      var events = (1...5000).map { Client.Event(world.mail("ann"), id: "\($0)-0") }
      events[2500].fields[1].value = .string("yesterday")
      let outcomes = await client.add(events: events, to: "mails", producer: "c")
      for (index, outcome) in outcomes.enumerated() {
        guard index == 2500 else {
          #expect(outcome == .stored(id: "\(index + 1)-0"))
          continue
        }
        guard case .refused(let reason) = outcome else {
          Issue.record("\(outcome)")
          continue
        }
        #expect(reason.contains("'at'"))
      }
      world.clock.advance(60_000)
      let found = try await client.features(of: "by_sender", entity: ["ann"], ["1h_N"])
      #expect(found[0].value == .int(4999))
      #expect(await client.add(events: [], to: "mails").isEmpty)
    }
  }

  @Test func `An event whose reply was lost is sent again, and counts as stored where it is`()
    async throws
  {
    for (last, isStored) in [("7-0", true), ("8-0", false)] {
      let server = try FakeServer { connection, words in
        switch words[0] {
        case _ where connection == 1: .close
        case "XADD": .bytes("-ERR The ID specified in XADD is equal or smaller\r\n")
        default:
          .bytes("%1\r\n$17\r\nlast-generated-id\r\n$3\r\n\(last)\r\n")
        }
      }
      defer { server.stop() }
      var configuration = Client.Configuration(port: server.port)
      configuration.poolSize = 1
      let client = Client(configuration)
      do throws(ClientError) {
        let id = try await client.add([("size", .int(1))], to: "mails", id: "7")
        #expect(isStored && id == "7-0")
      } catch { #expect(!isStored && error.code == "ERR", "\(error)") }
    }
  }

  @Test func `An event without an id is never sent twice`() async throws {
    let server = try FakeServer { _, _ in .close }
    defer { server.stop() }
    let client = Client(.init(port: server.port))
    do throws(ClientError) {
      _ = try await client.add([("size", .int(1))], to: "mails")
      Issue.record("it was answered")
    } catch {
      guard case .connectionLost = error else {
        Issue.record("\(error)")
        return
      }
    }
    #expect(server.connections == 1)
    let events = [Client.Event([("size", .int(1))]), Client.Event([("size", .int(1))], id: "1-0")]
    for outcome in await client.add(events: events, to: "mails") {
      guard case .unknown(.connectionLost) = outcome else {
        Issue.record("\(outcome)")
        continue
      }
    }
    #expect(server.connections == 2)
  }

  @Test func `A batch goes on behind what was stored`() async throws {
    let server = try FakeServer { connection, words in
      switch (connection, words[0]) {
      case (1, "XADD") where words[2] == "3-0": .close
      case (_, "XADD"): .bytes("$3\r\n\(words[2])\r\n")
      default: .bytes("%1\r\n$17\r\nlast-generated-id\r\n$3\r\n3-0\r\n")
      }
    }
    defer { server.stop() }
    var configuration = Client.Configuration(port: server.port)
    configuration.poolSize = 1
    let events = (1...5).map { Client.Event([("size", .int(1))], id: "\($0)-0") }
    let outcomes = await Client(configuration).add(events: events, to: "mails")
    #expect(
      outcomes == [
        .stored(id: "1-0"), .stored(id: "2-0"), .passed(id: "3-0"), .stored(id: "4-0"),
        .stored(id: "5-0"),
      ])
  }

  @Test func `What was still on its way when a batch was cut off is not sent twice`() async throws {
    let server = try FakeServer { connection, words in
      switch (connection, words[0]) {
      case (1, "XADD") where words[2] == "2-0": .close
      // The server comes to the events of the first connection only now.
      case (_, "XADD") where words[2] < "4": .bytes("-ERR The ID specified in XADD is smaller\r\n")
      case (_, "XADD"): .bytes("$3\r\n\(words[2])\r\n")
      default: .bytes("%1\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n")
      }
    }
    defer { server.stop() }
    var configuration = Client.Configuration(port: server.port)
    configuration.poolSize = 1
    let events = (2...4).map { Client.Event([("size", .int(1))], id: "\($0)-0") }
    let outcomes = await Client(configuration).add(events: events, to: "mails")
    #expect(outcomes == [.passed(id: "2-0"), .passed(id: "3-0"), .stored(id: "4-0")])
  }

  @Test func `No event overtakes one that could not be stored`() async throws {
    let server = try FakeServer { connection, words in
      if connection > 1 || words[2] != "2-0" { return .bytes("$3\r\n\(words[2])\r\n") }
      return .bytes("-MISCONF the event was not stored: the disk is full\r\n")
    }
    defer { server.stop() }
    let client = Client(.init(port: server.port))
    let events = (1...5000).map { Client.Event([("size", .int(1))], id: "\($0)-0") }
    let outcomes = await client.add(events: events, to: "mails")
    let fault = Client.AddOutcome.refused("MISCONF the event was not stored: the disk is full")
    #expect(outcomes[0] == .stored(id: "1-0") && outcomes[1] == fault)
    #expect(outcomes[2000...].allSatisfy { $0 == fault })
  }

  @Test func `Producers that are cut off again and again lose nothing and count nothing twice`()
    async throws
  {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      let fields = world.mail("ann")
      let admin = world.client()
      let killer = Task {
        while !Task.isCancelled {
          _ = try? await admin.send(["CLIENT", "KILL", "SKIPME", "yes"])
          try await Task.sleep(for: .milliseconds(5))
        }
      }
      var known = 0
      for round in 0..<20 {
        let events = (1...500).map { Client.Event(fields, id: "\(round)-\($0)") }
        var rest = events[...]
        // Whoever starts again asks where to go on.
        while !rest.isEmpty {
          let outcomes = await client.add(events: Array(rest), to: "mails", producer: "c")
          known += outcomes.count { if case .stored = $0 { true } else { false } }
          guard let last = try? await client.lastID(of: "mails", producer: "c") else { continue }
          rest = rest.drop { Self.isDone($0.id!, last) }
        }
      }
      killer.cancel()
      world.clock.advance(60_000)
      // The killer may have been at it until now.
      _ = await killer.result
      let found = try await client.features(of: "by_sender", entity: ["ann"], ["1h_N"])
      #expect(found[0].value == .int(10_000))
      #expect(known > 0)
    }
  }

  private static func isDone(_ id: String, _ last: String) -> Bool {
    let (one, other) = (id.split(separator: "-"), last.split(separator: "-"))
    return (Int(one[0])!, Int(one[1])!) <= (Int(other[0])!, Int(other[1])!)
  }
}
