// Where a client's server is, who the client says it is there, and how long it waits.

extension Client {
  /// Where a server listens.
  public enum Address: Hashable, Sendable, CustomStringConvertible {
    /// A name or numeric address, and a TCP port.
    case tcp(host: String, port: UInt16)
    /// A socket in the file system.
    case unix(path: String)

    public var description: String {
      switch self {
      case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unix(let path): path
      }
    }
  }

  /// What a client is told, with its defaults.
  public struct Configuration: Sendable {
    public var address: Address
    /// With a password; nil for the user `default`.
    public var user: String?
    /// Nil for no login.
    public var password: String?
    /// The connections' name in CLIENT LIST: printable ASCII without blanks.
    public var name: String?
    /// Connections at most. Each is made when it is first needed, and carries any number of calls at a time,
    /// so a few are enough; at least 1.
    public var poolSize = 2
    /// For each reply, from the call on, the making of a connection included.
    public var timeout = Duration.seconds(5)
    /// For making a connection, the login included; a name server's answer is waited for beside it.
    public var connectTimeout = Duration.seconds(5)

    public init(_ address: Address) { self.address = address }

    /// - Parameters: those of `hindcast serve`.
    public init(host: String = "127.0.0.1", port: UInt16 = 7379) {
      self.init(.tcp(host: host, port: port))
    }

    public init(unixSocket path: String) { self.init(.unix(path: path)) }
  }
}

extension Client.Configuration {
  /// What a connection begins with; the first is the login.
  var greeting: [[String]] {
    var hello = ["HELLO", "3"]
    if let password { hello += ["AUTH", user ?? "default", password] }
    if let name { hello += ["SETNAME", name] }
    return [
      hello, ["CLIENT", "SETINFO", "LIB-NAME", "hindcast-swift"],
      ["CLIENT", "SETINFO", "LIB-VER", hindcastVersion],
    ]
  }
}

extension Duration {
  /// Rounded down; at least 0, and at most a century, so that sums do not overflow.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let most: Int64 = 3_000_000_000
    return max(0, min(seconds, most)) * 1_000_000_000
      + (seconds < 0 ? 0 : attoseconds / 1_000_000_000)
  }
}
