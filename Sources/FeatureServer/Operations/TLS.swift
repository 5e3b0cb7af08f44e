// TLS 1.2 and 1.3 by OpenSSL, over memory alone: bytes of the network in and out, bytes of the protocol out
// and in. Nothing here knows a socket or waits. The only file that calls OpenSSL; each pointer of its is made
// and freed by the class that holds it.
#if TLS
  import COpenSSL
  import Glibc

  /// Certificate, key and rules of a server, shared by its sessions. For new files make a new context: sessions
  /// keep the one that they began with.
  public final class TLSContext: @unchecked Sendable {
    // Unchecked: after `init` the context is only read, and OpenSSL counts and locks what sessions share.
    fileprivate let pointer: OpaquePointer
    fileprivate let isServer: Bool

    /// A server's context out of PEM files.
    ///
    /// - Parameters:
    ///   - certificate: the server's certificate, then those above it.
    ///   - key: its private key, without a passphrase.
    ///   - clientCA: authorities; only clients with a certificate of one of them get in. Nil for all clients.
    public convenience init(
      certificate: String, key: String, clientCA: String? = nil
    ) throws(TLSError) {
      try self.init(isServer: true)
      try use(certificate: certificate, key: key)
      if let clientCA { try demandCertificates(of: clientCA) }
    }

    /// A client's context, as tests need one. It believes the authorities of a PEM file.
    package convenience init(
      trusting authority: String, certificate: String? = nil, key: String? = nil
    ) throws(TLSError) {
      try self.init(isServer: false)
      guard SSL_CTX_load_verify_file(pointer, authority) == 1 else {
        throw .file(.clientCA, path: authority, reason: OpenSSL.reason())
      }
      SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
      if let certificate, let key { try use(certificate: certificate, key: key) }
    }

    private init(isServer: Bool) throws(TLSError) {
      ERR_clear_error()
      guard let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
        throw .setup(reason: OpenSSL.reason())
      }
      self.pointer = pointer
      self.isServer = isServer
      copenssl_set_rules(pointer)
    }

    deinit { SSL_CTX_free(pointer) }

    private func use(certificate: String, key: String) throws(TLSError) {
      ERR_clear_error()
      guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
        throw .file(.certificate, path: certificate, reason: OpenSSL.reason())
      }
      guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
        throw .file(.key, path: key, reason: OpenSSL.reason())
      }
      guard SSL_CTX_check_private_key(pointer) == 1 else {
        throw .file(.key, path: key, reason: OpenSSL.reason())
      }
    }

    private func demandCertificates(of authority: String) throws(TLSError) {
      ERR_clear_error()
      guard SSL_CTX_load_verify_file(pointer, authority) == 1,
        let names = SSL_load_client_CA_file(authority)
      else { throw .file(.clientCA, path: authority, reason: OpenSSL.reason()) }
      SSL_CTX_set_client_CA_list(pointer, names)
      SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
  }

  /// One connection's TLS. It belongs to one thread at a time.
  ///
  /// After `receive`, call `read` until it gives `.wantsMore`: handshakes progress there. After `receive`,
  /// `read`, `write` and `close`, send what `takeCiphertext` gives, also when they threw: it may be the alert
  /// that tells the peer why.
  public final class TLSSession {
    public enum ReadOutcome: Equatable, Sendable {
      /// So many bytes are in the buffer.
      case bytes(Int)
      /// Nothing more until further ciphertext comes.
      case wantsMore
      /// The peer has said farewell and will send nothing more.
      case closed
    }

    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private var failure: TLSError?

    public init(_ context: TLSContext) throws(TLSError) {
      ERR_clear_error()
      guard let session = SSL_new(context.pointer) else { throw .setup(reason: OpenSSL.reason()) }
      guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
        SSL_free(session)
        throw .setup(reason: OpenSSL.reason())
      }
      copenssl_wait_when_empty(incoming)
      // The session owns both from here on.
      SSL_set_bio(session, incoming, outgoing)
      if context.isServer { SSL_set_accept_state(session) } else { SSL_set_connect_state(session) }
      self.session = session
      self.incoming = incoming
      self.outgoing = outgoing
    }

    deinit { SSL_free(session) }

    /// Whether the handshake is done, so that `write` takes bytes.
    public var isEstablished: Bool { failure == nil && SSL_is_init_finished(session) == 1 }

    /// Bytes to send to the peer.
    public var ciphertextCount: Int { BIO_ctrl_pending(outgoing) }

    /// Takes in what came from the network. Hold back the next bytes until `read` wants more: memory grows
    /// with what is not read.
    public func receive(_ ciphertext: UnsafeRawBufferPointer) throws(TLSError) {
      if let failure { throw failure }
      if ciphertext.isEmpty { return }
      var count = 0
      let isTaken = BIO_write_ex(incoming, ciphertext.baseAddress, ciphertext.count, &count) == 1
      guard isTaken, count == ciphertext.count else { throw fail(.setup(reason: "no memory")) }
    }

    /// The network ended. Throws `.truncated` where the peer said no farewell before.
    public func receiveEnd() throws(TLSError) {
      if let failure { throw failure }
      guard SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 else { throw fail(.truncated) }
    }

    /// Puts plaintext into a buffer of at least one byte. One call gives at most one record, 16 KiB.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> ReadOutcome {
      if let failure { throw failure }
      ERR_clear_error()
      var count = 0
      let result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
      if result == 1 { return .bytes(count) }
      switch SSL_get_error(session, result) {
      case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wantsMore
      case SSL_ERROR_ZERO_RETURN: return .closed
      default: throw fail(.peer(reason: OpenSSL.reason()))
      }
    }

    /// Encrypts all of the bytes, or none while `isEstablished` is false; returns how many. They are kept until
    /// `takeCiphertext` takes them, and the session keeps the most memory that it ever needed for that: write a
    /// large answer in pieces of some 64 KiB.
    public func write(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) -> Int {
      if let failure { throw failure }
      guard isEstablished, !plaintext.isEmpty else { return 0 }
      ERR_clear_error()
      var count = 0
      let result = SSL_write_ex(session, plaintext.baseAddress, plaintext.count, &count)
      if result == 1 { return count }
      throw fail(.peer(reason: OpenSSL.reason()))
    }

    /// Begins the handshake, for the side that speaks first: the client.
    package func begin() throws(TLSError) {
      ERR_clear_error()
      let result = SSL_do_handshake(session)
      if result == 1 || SSL_get_error(session, result) == SSL_ERROR_WANT_READ { return }
      throw fail(.peer(reason: OpenSSL.reason()))
    }

    /// Moves bytes for the network into a buffer; returns how many, 0 where there are none.
    public func takeCiphertext(into buffer: UnsafeMutableRawBufferPointer) -> Int {
      var count = 0
      let isTaken = BIO_read_ex(outgoing, buffer.baseAddress, buffer.count, &count) == 1
      return isTaken ? count : 0
    }

    /// Says farewell to the peer, which `takeCiphertext` gives. Does nothing in or after a failure and before
    /// the handshake is done.
    public func close() {
      guard isEstablished else { return }
      ERR_clear_error()
      _ = SSL_shutdown(session)
    }

    /// OpenSSL forbids any further call after a failure, so it is kept and thrown again.
    private func fail(_ error: TLSError) -> TLSError {
      failure = error
      return error
    }
  }

  private enum OpenSSL {
    /// The first thing that OpenSSL has to say of the call before, in its words.
    static func reason() -> String {
      let code = ERR_get_error()
      defer { ERR_clear_error() }
      // Errors of the system have no words of OpenSSL's own in version 3.
      if let number = systemError(code) { return String(cString: strerror(number)) }
      guard code != 0, let text = ERR_reason_error_string(code) else { return "no reason is given" }
      return String(cString: text)
    }

    private static func systemError(_ code: UInt) -> Int32? {
      let number = copenssl_system_error(code)
      return number > 0 ? number : nil
    }
  }
#endif
