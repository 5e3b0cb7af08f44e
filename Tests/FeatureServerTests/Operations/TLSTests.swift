// TLS between two ends in memory: megabytes in odd pieces, farewells, certificates of clients, and files that
// are not what they should be.
#if TLS
  import FeatureServer
  import TestSupport
  import Testing

  @Suite struct TLSTests {
    /// Moves bytes from one end to the other in pieces of random sizes, in and out.
    private static func exchange(
      _ bytes: [UInt8], from: TLSSession, to: TLSSession, _ random: inout SplitMix64
    ) throws -> [UInt8] {
      var arrived: [UInt8] = []
      for piece in random.split(bytes, most: 50_000) {
        #expect(try from.write(piece) == piece.count)
        let wire = from.sent(1 + random.below(5000))
        #expect(wire.count > piece.count)
        for part in random.split(wire, most: 1 + random.below(20_000)) {
          arrived += try to.take(part, 1 + random.below(20_000)).plaintext
        }
      }
      return arrived
    }

    @Test(
      "Megabytes arrive as they were sent, both ways, whatever the pieces",
      arguments: TestRounds.seeds(3))
    func megabytes(seed: UInt64) throws {
      try Certificates.with { certificates in
        var random = SplitMix64(seed)
        let pair = try TLSPair.established(certificates)
        #expect(pair.server.isEstablished && pair.client.isEstablished)
        let up = (0..<2_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let down = (0..<3_000_001).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let there = try Self.exchange(up, from: pair.client, to: pair.server, &random)
        #expect(there == up, "seed \(seed)")
        let back = try Self.exchange(down, from: pair.server, to: pair.client, &random)
        #expect(back == down, "seed \(seed)")
        #expect(pair.server.ciphertextCount == 0)
      }
    }

    @Test func `A handshake also goes byte by byte`() throws {
      try Certificates.with { certificates in
        let pair = try TLSPair(certificates.serverContext(), certificates.clientContext())
        #expect(try pair.server.write(Array("too early".utf8)) == 0)
        try pair.client.begin()
        for _ in 0..<4 {
          for byte in pair.client.sent(1) { _ = try pair.server.take([byte], 1) }
          for byte in pair.server.sent(1) { _ = try pair.client.take([byte], 1) }
        }
        #expect(pair.server.isEstablished && pair.client.isEstablished)
        #expect(try pair.server.write([]) == 0)
        #expect(try pair.client.write(Array("PING".utf8)) == 4)
        #expect(try pair.server.take(pair.client.sent()).plaintext == Array("PING".utf8))
      }
    }

    @Test func `A farewell is told apart from a connection that broke`() throws {
      try Certificates.with { certificates in
        let polite = try TLSPair.established(certificates)
        _ = try polite.client.write([1, 2, 3])
        polite.client.close()
        let last = try polite.server.take(polite.client.sent())
        #expect(last.plaintext == [1, 2, 3] && last.isClosed)
        try polite.server.receiveEnd()
        // The other direction is open until it says farewell too.
        #expect(try polite.server.write([4]) == 1)
        polite.server.close()
        let answer = try polite.client.take(polite.server.sent())
        #expect(answer.plaintext == [4] && answer.isClosed)

        let rude = try TLSPair.established(certificates)
        #expect(throws: TLSError.truncated) { try rude.server.receiveEnd() }
        #expect(throws: TLSError.truncated) { try rude.server.take([]) }
        #expect(throws: TLSError.truncated) { try rude.server.write([1]) }
        rude.server.close()
        #expect(rude.server.ciphertextCount == 0)
      }
    }

    @Test(
      "Where clients need a certificate, only those of the authority get in",
      arguments: [("client", true), ("stranger", false), (nil, false)] as [(String?, Bool)])
    func clientCertificates(name: String?, isIn: Bool) throws {
      try Certificates.with { certificates in
        let pair = try TLSPair(
          certificates.serverContext(clientCA: "authority.pem"), certificates.clientContext(name))
        var failure: TLSError?
        do throws(TLSError) {
          try pair.client.begin()
          for _ in 0..<4 {
            _ = try pair.server.take(pair.client.sent())
            _ = try pair.client.take(pair.server.sent())
          }
        } catch {
          failure = error
        }
        #expect(pair.server.isEstablished == isIn)
        guard !isIn else {
          #expect(failure == nil)
          return
        }
        guard case .peer(let reason)? = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(reason.contains(name == nil ? "did not return a certificate" : "verify failed"))
        // What waits is the alert, and the client understands it.
        let alert = pair.server.sent()
        #expect(!alert.isEmpty)
        #expect(throws: TLSError.self) { try pair.client.take(alert) }
      }
    }

    @Test func `A client refuses a server that its authority does not know`() throws {
      try Certificates.with { certificates in
        let context = try TLSContext(
          certificate: certificates.path("stranger.pem"), key: certificates.path("stranger.key"))
        let pair = try TLSPair(context, certificates.clientContext())
        try pair.client.begin()
        _ = try pair.server.take(pair.client.sent())
        #expect(throws: TLSError.self) { try pair.client.take(pair.server.sent()) }
        #expect(throws: TLSError.self) { try pair.server.take(pair.client.sent()) }
      }
    }

    @Test func `A session outlives the words of its context`() throws {
      try Certificates.with { certificates in
        var context: TLSContext? = try certificates.serverContext()
        let server = try TLSSession(try #require(context))
        context = nil
        let client = try TLSSession(certificates.clientContext())
        try client.begin()
        _ = try server.take(client.sent())
        _ = try client.take(server.sent())
        #expect(client.isEstablished)
      }
    }

    @Test func `A file that cannot be used is named, with the reason`() throws {
      try Certificates.with { certificates in
        let (good, key) = (certificates.path("server.pem"), certificates.path("server.key"))
        try certificates.openssl([
          "ec", "-in", "server.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key",
        ])
        let locked = certificates.path("locked.key")
        let wrong: [(String, String, String?, TLSError.File, String)] = [
          ("/nowhere", key, nil, .certificate, "No such file"),
          (key, key, nil, .certificate, "no start line"),
          (good, "/nowhere", nil, .key, "No such file"),
          (good, good, nil, .key, "unsupported"),
          (good, locked, nil, .key, "cancelled"),
          (good, certificates.path("client.key"), nil, .key, "key values mismatch"),
          (good, key, "/nowhere", .clientCA, "No such file"),
          (good, key, key, .clientCA, "no certificate"),
        ]
        for (certificate, key, authority, file, reason) in wrong {
          do throws(TLSError) {
            _ = try TLSContext(certificate: certificate, key: key, clientCA: authority)
            Issue.record("\(certificate) \(key) \(authority ?? "") were taken")
          } catch {
            guard case .file(file, _, let given) = error else {
              Issue.record("\(error)")
              continue
            }
            #expect(given.contains(reason) && "\(error)".contains("PEM"), "\(error)")
          }
        }
      }
    }
  }
#endif
