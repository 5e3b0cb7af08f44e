// What went wrong inside RocksDB, as a value that callers can switch over.
//
// The C interface hands back nothing but a text, so the code is derived from the text's prefix, in
// one function (`RocksError.Code.init(message:)`). The text itself is kept unchanged, together with
// what was being attempted.

/// A failed RocksDB operation.
public struct RocksError: Error, Hashable, Sendable {
  /// The kind of failure.
  public let code: Code
  /// RocksDB's own text, unchanged, for example `Corruption: block checksum mismatch: ...`.
  public let message: String
  /// What was attempted, for example `open /var/lib/store`.
  public let operation: String

  /// An error with a code derived from RocksDB's text.
  public init(message: String, operation: String) {
    self.init(code: Code(message: message), message: message, operation: operation)
  }

  /// An error that this wrapper found itself, without asking RocksDB.
  public init(code: Code, message: String, operation: String) {
    self.code = code
    self.message = message
    self.operation = operation
  }
}

extension RocksError: CustomStringConvertible {
  public var description: String { "\(operation): \(message)" }
}

extension RocksError {
  /// The kind of a failure. An open set: a text of a later RocksDB that is not known here becomes
  /// `unknown`, never a trap.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The code's name, stable enough for logs.
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// Something that was named (a file, a family, a sequence number) is not there.
    public static let notFound = Code(rawValue: "notFound")
    /// Stored bytes are not what was written, or a merge operator refused them.
    public static let corruption = Code(rawValue: "corruption")
    /// This build of RocksDB, or this mode of opening, cannot do it (a write to a read-only
    /// database, for instance).
    public static let notSupported = Code(rawValue: "notSupported")
    /// An argument or an option makes no sense to RocksDB.
    public static let invalidArgument = Code(rawValue: "invalidArgument")
    /// The operating system refused a read, a write or a directory operation.
    public static let ioError = Code(rawValue: "ioError")
    /// Another opener, in this process or another one, holds the database's lock.
    public static let locked = Code(rawValue: "locked")
    /// There is no database at the path, and opening was told not to make one.
    public static let databaseMissing = Code(rawValue: "databaseMissing")
    /// A merge is under way.
    public static let mergeInProgress = Code(rawValue: "mergeInProgress")
    /// The answer would need more than was allowed (a read from cache only, for instance).
    public static let incomplete = Code(rawValue: "incomplete")
    /// The database is closing.
    public static let shutdownInProgress = Code(rawValue: "shutdownInProgress")
    /// A deadline passed.
    public static let timedOut = Code(rawValue: "timedOut")
    /// The operation was given up, usually because of another one.
    public static let aborted = Code(rawValue: "aborted")
    /// A resource is in use.
    public static let busy = Code(rawValue: "busy")
    /// Something was too old to be used.
    public static let expired = Code(rawValue: "expired")
    /// A passing condition: the same call may succeed later.
    public static let tryAgain = Code(rawValue: "tryAgain")
    /// A compaction would be larger than allowed.
    public static let compactionTooLarge = Code(rawValue: "compactionTooLarge")
    /// The column family was dropped.
    public static let columnFamilyDropped = Code(rawValue: "columnFamilyDropped")
    /// A text that none of the rules above knows.
    public static let unknown = Code(rawValue: "unknown")
  }
}

extension RocksError.Code: CustomStringConvertible {
  public var description: String { rawValue }
}

extension RocksError.Code {
  /// The prefixes of `Status::ToString` in RocksDB 7.8. None is a prefix of another.
  private static let prefixes: [(text: String, code: RocksError.Code)] = [
    ("NotFound:", .notFound),
    ("Corruption:", .corruption),
    ("Not implemented:", .notSupported),
    ("Invalid argument:", .invalidArgument),
    ("IO error:", .ioError),
    ("Merge in progress:", .mergeInProgress),
    ("Result incomplete:", .incomplete),
    ("Shutdown in progress:", .shutdownInProgress),
    ("Operation timed out:", .timedOut),
    ("Operation aborted:", .aborted),
    ("Resource busy:", .busy),
    ("Operation expired:", .expired),
    ("Operation failed. Try again.:", .tryAgain),
    ("Compaction too large:", .compactionTooLarge),
    ("Column family dropped:", .columnFamilyDropped),
  ]

  /// The code that RocksDB's text stands for.
  ///
  /// Two conditions that every caller wants to tell apart, a held lock and a missing database, have
  /// no prefix of their own; they are recognised by the words that follow.
  public init(message: String) {
    let coarse = Self.prefixes.first { message.hasPrefix($0.text) }?.code ?? .unknown
    switch coarse {
    case .ioError where message.contains("/LOCK: "):
      self = .locked
    case .ioError where message.contains("No such file") && message.contains("/CURRENT"),
      .notFound where message.contains("/CURRENT"),
      .invalidArgument where message.hasSuffix(": does not exist (create_if_missing is false)"):
      self = .databaseMissing
    default:
      self = coarse
    }
  }
}
