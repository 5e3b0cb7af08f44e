// Bytes that are no TLS, or not any more, at a server's TLS port: an error each time, and never a crash.
#if TLS
  import FeatureServer
  import TestSupport
  import Testing

  @Suite struct TLSHostileTests {
    private static let text = [
      "PING\r\n", "*1\r\n$4\r\nPING\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
      "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", String(repeating: "A", count: 70_000),
    ]

    @Test("Text that is no TLS gives an error", arguments: text)
    func plaintext(text: String) throws {
      try Certificates.with { certificates in
        let server = try TLSSession(certificates.serverContext())
        guard
          case .peer? = #expect(
            throws: TLSError.self, performing: { try server.take(Array(text.utf8)) })
        else {
          Issue.record("not the peer's fault")
          return
        }
        // A failed session stays failed, and says the same.
        #expect(throws: TLSError.self) { try server.take(Array("more".utf8)) }
        #expect(!server.isEstablished)
      }
    }

    @Test func `Random bytes give an error or wait for more, and never plaintext`() throws {
      try Certificates.with { certificates in
        let context = try certificates.serverContext()
        for seed in TestRounds.seeds(300) {
          var random = SplitMix64(seed)
          let server = try TLSSession(context)
          var bytes = (0..<random.below(2000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          // Half of them look like the beginning of a handshake.
          if random.chance(50) { bytes = [22, 3, 1, UInt8(random.below(64)), 9, 1, 0] + bytes }
          let taken = try? server.take(bytes)
          #expect(taken?.plaintext.isEmpty != false, "seed \(seed)")
          #expect(!server.isEstablished, "seed \(seed)")
          _ = server.sent()
        }
      }
    }

    @Test func `A handshake with some bytes changed is not completed into plaintext`() throws {
      try Certificates.with { certificates in
        let (context, clientContext) = try (
          certificates.serverContext(), certificates.clientContext()
        )
        for seed in TestRounds.seeds(200) {
          var random = SplitMix64(seed)
          let pair = try TLSPair(context, clientContext)
          try pair.client.begin()
          var hello = pair.client.sent()
          for _ in 0...random.below(8) {
            hello[random.below(hello.count)] = UInt8(truncatingIfNeeded: random.next())
          }
          let taken = try? pair.server.take(hello)
          #expect(taken?.plaintext.isEmpty != false, "seed \(seed)")
          _ = try? pair.client.take(pair.server.sent())
        }
      }
    }

    @Test func `A handshake that is cut anywhere waits, and its end is an error`() throws {
      try Certificates.with { certificates in
        let context = try certificates.serverContext()
        let client = try TLSSession(certificates.clientContext())
        try client.begin()
        let hello = client.sent()
        for length in stride(from: 0, to: hello.count, by: 7) {
          let server = try TLSSession(context)
          let taken = try server.take(Array(hello.prefix(length)))
          #expect(taken.plaintext.isEmpty && !taken.isClosed)
          #expect(throws: TLSError.truncated) { try server.receiveEnd() }
        }
      }
    }

    @Test func `A changed, a repeated and a missing record are errors, whatever was read before`()
      throws
    {
      try Certificates.with { certificates in
        for seed in TestRounds.seeds(60) {
          var random = SplitMix64(seed)
          let pair = try TLSPair.established(certificates)
          _ = try pair.client.write(Array("first".utf8))
          let first = pair.client.sent()
          _ = try pair.client.write(Array("second".utf8))
          var second = pair.client.sent()
          switch seed % 3 {
          case 0:
            // The length in the header may grow, so that more has to come: let there be more.
            second[random.below(second.count)] ^= UInt8(1 + random.below(255))
            second += [UInt8](repeating: 0, count: 70_000)
          case 1: second = first
          default:
            _ = try pair.client.write(Array("third".utf8))
            second = pair.client.sent()
          }
          #expect(try pair.server.take(first).plaintext == Array("first".utf8))
          #expect(throws: TLSError.self, "seed \(seed)") { try pair.server.take(second) }
          #expect(!pair.server.sent().isEmpty, "seed \(seed): the client gets an alert")
        }
      }
    }
  }
#endif
