// Somebody else's client over a real socket: `openssl s_client` at a server of twenty lines.
#if TLS
  import FeatureServer
  import Foundation
  import TestSupport
  import Testing

  /// Takes one connection and answers each byte in upper case, until a line end came; then it says farewell.
  private final class UpperCaseServer: Sendable {
    let port: UInt16
    private let listener: LoopbackListener

    init() throws {
      listener = try LoopbackListener(backlog: 1)
      port = listener.port
    }

    func serve(_ context: TLSContext) throws {
      let connection = accept(listener.descriptor, nil, nil)
      defer { close(connection) }
      let session = try TLSSession(context)
      var buffer = [UInt8](repeating: 0, count: 1000)
      var hasLine = false
      while !hasLine {
        let count = recv(connection, &buffer, buffer.count, 0)
        if count <= 0 { return }
        do {
          let text = try session.take(Array(buffer[..<count])).plaintext
          hasLine = text.contains(UInt8(ascii: "\n"))
          _ = try session.write(Array(String(decoding: text, as: UTF8.self).uppercased().utf8))
          if hasLine { session.close() }
        } catch {
          send(session, to: connection)
          throw error
        }
        send(session, to: connection)
      }
    }

    private func send(_ session: TLSSession, to connection: Int32) {
      let bytes = session.sent()
      _ = Foundation.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
  }

  @Suite struct TLSSocketTests {
    /// What the client printed, or how it failed; and the server's error.
    private static func talk(
      _ certificates: Certificates, _ options: [String], clientCA: String? = nil
    ) throws -> (output: String, failure: (any Error)?) {
      let server = try UpperCaseServer()
      let context = try certificates.serverContext(clientCA: clientCA)
      let input = Pipe()
      let words = [
        "s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", "authority.pem", "-quiet",
        "-verify_return_error", "-verify_hostname", "localhost",
      ]
      let ended = DispatchSemaphore(value: 0)
      nonisolated(unsafe) var failure: (any Error)?
      Thread.detachNewThread {
        do { try server.serve(context) } catch { failure = error }
        ended.signal()
      }
      try input.fileHandleForWriting.write(contentsOf: Data("hello over there\n".utf8))
      let output = try? Certificates.run(
        "openssl", words + options, in: certificates.folder, input: input)
      ended.wait()
      return (output ?? "", failure)
    }

    @Test("openssl s_client talks with us", arguments: ["-tls1_2", "-tls1_3"])
    func client(version: String) throws {
      try Certificates.with { certificates in
        let (output, failure) = try Self.talk(certificates, [version])
        #expect(output == "HELLO OVER THERE\n")
        #expect(failure == nil)
      }
    }

    @Test func `A client with a certificate gets in where one is needed, and one without does not`()
      throws
    {
      try Certificates.with { certificates in
        let mine = ["-cert", "client.pem", "-key", "client.key"]
        let with = try Self.talk(certificates, mine, clientCA: "authority.pem")
        #expect(with.output == "HELLO OVER THERE\n" && with.failure == nil)
        let without = try Self.talk(certificates, [], clientCA: "authority.pem")
        #expect(without.output == "" && without.failure is TLSError)
      }
    }

    @Test func `TLS 1.1 is refused`() throws {
      try Certificates.with { certificates in
        let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
        let (output, failure) = try Self.talk(certificates, old)
        #expect(output == "")
        guard case .peer(let reason)? = failure as? TLSError else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(reason.contains("protocol"), "\(reason)")
      }
    }
  }
#endif
