// What a call of the client can fail with. Whoever gets an error has to know one thing above all: whether the
// server may have carried the command out. Each case says so.

/// Why a call of `Client` failed.
public enum ClientError: Error, Hashable, Sendable {
  /// There is no connection, and none could be made. The command was not sent.
  case cannotConnect(to: String, reason: String)
  /// The server did not let the client in (`WRONGPASS`, `NOAUTH`). The command was not sent.
  case loginRefused(String)
  /// The connection ended before the reply. The command may have been carried out.
  case connectionLost(String)
  /// No reply within the configured time. The command may have been carried out.
  case timedOut
  /// The task was cancelled. The command may have been carried out.
  case cancelled
  /// The client was closed. The command may have been carried out.
  case closed
  /// The server refused the command: its own words, `ERR ...`. It was not carried out.
  case refused(String)
  /// The reply is not what this command is answered with.
  case unexpectedReply(String)
  /// The call makes no sense as it stands; nothing was sent.
  case usage(String)
}

extension ClientError {
  /// The first word of a refusal, `ERR`, `NOPERM`, `MISCONF`; nil for other errors.
  public var code: String? {
    switch self {
    case .refused(let message), .loginRefused(let message):
      String(message.prefix { $0 != " " })
    default: nil
    }
  }
}

extension ClientError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
    case .loginRefused(let message): "the server refused the login: \(message)"
    case .connectionLost(let reason): "the connection ended before the reply: \(reason)"
    case .timedOut: "no reply within the time allowed"
    case .cancelled: "the task was cancelled"
    case .closed: "the client is closed"
    case .refused(let message): message
    case .unexpectedReply(let what): "unexpected reply: \(what)"
    case .usage(let reason): reason
    }
  }
}
