// What goes wrong with TLS: files that are not what they should be, and peers that do not speak it.
#if TLS
  /// A failure of TLS; the connection, if there is one, is of no use afterwards.
  public enum TLSError: Error, Hashable, Sendable {
    /// Which of the files a context is made from.
    public enum File: String, Sendable {
      case certificate
      case key
      case clientCA = "client CA"

      fileprivate var need: String {
        switch self {
        case .certificate: "PEM is needed, the server's certificate first, then those above it"
        case .key: "the certificate's private key is needed, in PEM and without a passphrase"
        case .clientCA: "PEM is needed, certificates of authorities"
        }
      }
    }

    /// A file cannot be used, and what OpenSSL says about it.
    case file(File, path: String, reason: String)
    /// The peer sent what is no TLS, or refused ours, or has no certificate that is demanded.
    case peer(reason: String)
    /// The connection ended without the peer's farewell: what came may be cut short.
    case truncated
    /// OpenSSL could not begin: memory or its configuration.
    case setup(reason: String)
  }

  extension TLSError: CustomStringConvertible {
    public var description: String {
      switch self {
      case .file(let file, let path, let reason):
        "cannot use '\(path)' as the \(file.rawValue): \(reason); \(file.need)"
      case .peer(let reason): "the peer does not speak TLS with us: \(reason)"
      case .truncated: "the peer went without ending TLS"
      case .setup(let reason): "cannot set up TLS: \(reason)"
      }
    }
  }
#endif
