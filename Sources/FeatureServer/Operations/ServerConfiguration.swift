// All that a server is told, with its defaults. How it is read is `ConfigurationReader`'s, which names and
// flags there are `ServerSetting`'s, and what goes together `ConfigurationChecks`'.
import FeatureModel
import Glibc
import RESP

/// The configuration of a server.
public struct ServerConfiguration: Sendable {
  /// Numeric addresses to listen on, for plain and TLS ports alike.
  public var bind = ["127.0.0.1"]
  /// The TCP port; 0 takes any that is free, nil listens on none.
  public var port: UInt16? = 7379
  /// Where to make a Unix socket; nil for none.
  public var unixSocket: String?
  /// The permissions of the Unix socket.
  public var unixSocketMode: UInt32 = 0o700
  /// Threads that serve connections.
  public var loops = Self.defaultLoops
  /// Memory for answers that are kept, over all loops.
  public var cacheBytes = 256 << 20
  /// Memory for blocks of single entities as they were read, over all loops.
  public var rowCacheBytes = 64 << 20
  /// Memory for the store's blocks.
  public var blockCacheBytes = 192 << 20

  public var fsync = Fsync.always
  /// For `Fsync.interval`.
  public var fsyncIntervalMilliseconds = 1000

  public var maxClients = 10_000
  /// Bytes of one argument.
  public var maxBulkBytes = 1 << 20
  /// Bytes of one command.
  public var maxRequestBytes = 16 << 20
  public var maxArguments = 1 << 17
  /// Answers that a client has not taken yet; beyond it the client is dropped.
  public var outputLimitBytes = 64 << 20
  /// Silence after which a client is dropped; 0 for never.
  public var idleTimeoutSeconds = 0

  public var tls = TLSSettings()
  public var users = Users()
  public var log = LogSettings()
  public var servedLog = ServedLogSettings()

  /// Commands that take at least so long are kept in the slow log.
  public var slowlogMicroseconds = 10_000
  public var slowlogLength = 128
  /// How long a stopping server waits for answers under way.
  public var shutdownTimeoutSeconds = 10

  /// The defaults: loopback, without passwords.
  public init() {}
}

extension ServerConfiguration {
  /// When an acknowledged write is safe from a power cut.
  public enum Fsync: String, Sendable, CaseIterable {
    /// Before it is acknowledged.
    case always
    /// Some time after it is.
    case interval
    /// When the operating system likes.
    case off
  }

  /// The TLS port and its files (PEM); without a port there is no TLS.
  public struct TLSSettings: Sendable {
    /// 0 takes any port that is free.
    public var port: UInt16?
    /// The certificate and those between it and its authority.
    public var certificate: String?
    public var key: String?
    /// Clients have to show a certificate of one of these authorities.
    public var clientCA: String?

    public init() {}
  }

  public struct LogSettings: Sendable {
    public var format = Log.Format.logfmt
    public var level = Log.Level.info
    /// Nil for standard error.
    public var file: String?

    public init() {}
  }

  /// What was answered, kept for watching it; without a folder nothing is.
  public struct ServedLogSettings: Sendable {
    public var folder: String?
    /// One of so many entities, by their hash.
    public var sample = 1
    /// The oldest files go beyond it.
    public var maxBytes = 1 << 30

    public init() {}
  }

  /// One core is left for compactions, and more than four loops seldom pay.
  public static var defaultLoops: Int { min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)) }

  /// What authenticated connections may send.
  public var requestLimits: RequestLimits {
    var limits = RequestLimits()
    limits.bulkBytes = maxBulkBytes
    limits.requestBytes = maxRequestBytes
    limits.arguments = maxArguments
    return limits
  }

  /// Whether this build can serve TLS.
  public static var canServeTLS: Bool {
    #if TLS
      true
    #else
      false
    #endif
  }
}

// Reading.
extension ServerConfiguration {
  /// A file, if any, and flags, which win: `("port", "7380")` for `--port 7380`. The flags are those of
  /// `ServerSetting.all`. Files that the configuration names (certificates, passwords) are read too. Throws all
  /// mistakes together, each with the path of its member or its flag.
  public static func read(
    file path: String?, flags: [(name: String, value: String)] = []
  ) throws(DeclarationError) -> ServerConfiguration {
    guard let path else { return try read(text: [], flags: flags) }
    switch SmallFile.read(path) {
    case .success(let text): return try read(text: text, flags: flags)
    case .failure(let error):
      throw DeclarationError(problems: [
        .init(path: "--config", position: nil, reason: error.description)
      ])
    }
  }

  /// As from a file with these bytes; no bytes at all are no file.
  public static func read(
    text: [UInt8], flags: [(name: String, value: String)] = []
  ) throws(DeclarationError) -> ServerConfiguration {
    var reader = ConfigurationReader()
    return try reader.read(text, flags)
  }
}
