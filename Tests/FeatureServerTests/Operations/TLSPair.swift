// Two ends of TLS in memory, and the wire between them.
#if TLS
  import FeatureServer
  import TestSupport

  struct TLSPair {
    let server: TLSSession
    let client: TLSSession

    init(_ serverContext: TLSContext, _ clientContext: TLSContext) throws {
      server = try TLSSession(serverContext)
      client = try TLSSession(clientContext)
    }

    /// A pair on the certificates of a test, after its handshake.
    static func established(_ certificates: Certificates) throws -> TLSPair {
      let pair = try TLSPair(certificates.serverContext(), certificates.clientContext())
      try pair.client.begin()
      for _ in 0..<4 {
        _ = try pair.server.take(pair.client.sent())
        _ = try pair.client.take(pair.server.sent())
      }
      return pair
    }
  }

  extension Certificates {
    func serverContext(clientCA: String? = nil) throws -> TLSContext {
      try TLSContext(
        certificate: path("server.pem"), key: path("server.key"), clientCA: clientCA.map(path))
    }

    /// - Parameter name: the certificate that the client shows, if any.
    func clientContext(_ name: String? = nil) throws -> TLSContext {
      try TLSContext(
        trusting: path("authority.pem"), certificate: name.map { path("\($0).pem") },
        key: name.map { path("\($0).key") })
    }
  }

  extension TLSSession {
    /// All ciphertext that waits, taken through a buffer of some size.
    func sent(_ size: Int = 4096) -> [UInt8] {
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: size)
      while true {
        let count = buffer.withUnsafeMutableBytes { takeCiphertext(into: $0) }
        if count == 0 { return all }
        all += buffer[..<count]
      }
    }

    /// Takes ciphertext in and gives all plaintext that it makes, and whether the peer said farewell.
    func take(
      _ ciphertext: [UInt8], _ size: Int = 4096
    ) throws(TLSError) -> (plaintext: [UInt8], isClosed: Bool) {
      try receive(ciphertext)
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: size)
      while true {
        let outcome = buffer.withUnsafeMutableBytes { bytes in
          Result { () throws(TLSError) in try read(into: bytes) }
        }
        switch try outcome.get() {
        case .bytes(let count): all += buffer[..<count]
        case .wantsMore: return (all, false)
        case .closed: return (all, true)
        }
      }
    }

    func receive(_ bytes: [UInt8]) throws(TLSError) {
      let result = bytes.withUnsafeBytes { bytes in
        Result { () throws(TLSError) in try receive(bytes) }
      }
      try result.get()
    }

    func write(_ bytes: [UInt8]) throws(TLSError) -> Int {
      let result = bytes.withUnsafeBytes { bytes in
        Result { () throws(TLSError) in try write(bytes) }
      }
      return try result.get()
    }
  }
#endif
