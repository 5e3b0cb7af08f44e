// The log of a server: one line for each thing that somebody may want to know, written at once and whole. It
// never says passwords or values of features, and a message that comes too often is counted instead of
// written.
import Glibc
import Synchronization

/// A log that any thread writes to.
public final class Log: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    /// `time=... level=info message="a client came" address=127.0.0.1`
    case logfmt
    /// An object on each line.
    case json
  }

  public enum Level: String, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    fileprivate var rank: UInt8 {
      switch self {
      case .debug: 0
      case .info: 1
      case .warning: 2
      case .error: 3
      }
    }

    public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
  }

  /// The fields of a line, in their order. Names are literals.
  public typealias Fields = KeyValuePairs<StaticString, LogValue>

  /// Lines of one message in a second; those beyond it are counted.
  public static let linesPerSecond = 10

  private let format: Format
  private let path: String?
  private let clock: @Sendable () -> Int64
  private let rank: Atomic<UInt8>
  private let state: Mutex<State>

  private struct State {
    var descriptor: Int32
    var limiter = LogLimiter(limit: Log.linesPerSecond)
  }

  /// - Parameter file: appended to, and made where it is missing; nil for standard error.
  public convenience init(
    format: Format = .logfmt, level: Level = .info, file: String? = nil
  ) throws(LogError) {
    try self.init(format: format, level: level, file: file, clock: Self.now)
  }

  /// - Parameter clock: milliseconds since 1970.
  package init(
    format: Format, level: Level, file: String?, clock: @escaping @Sendable () -> Int64
  ) throws(LogError) {
    self.format = format
    self.clock = clock
    path = file
    rank = Atomic(level.rank)
    state = Mutex(State(descriptor: try Self.open(file)))
  }

  deinit {
    flush()
    if path != nil { state.withLock { _ = close($0.descriptor) } }
  }

  /// The least that is written. May be changed at any time.
  public var level: Level {
    get { Level.allCases[Int(rank.load(ordering: .relaxed))] }
    set { rank.store(newValue.rank, ordering: .relaxed) }
  }

  public func debug(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
    write(.debug, message, fields)
  }

  public func info(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
    write(.info, message, fields)
  }

  public func warning(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
    write(.warning, message, fields)
  }

  public func error(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
    write(.error, message, fields)
  }

  /// Opens the file anew, after somebody moved the old one away (SIGHUP). Where that fails the old one stays.
  public func reopen() throws(LogError) {
    guard path != nil else { return }
    let descriptor = try Self.open(path)
    let old = state.withLock { state in
      let old = state.descriptor
      state.descriptor = descriptor
      return old
    }
    close(old)
  }

  /// Writes how many lines were held back of messages that stopped coming. Call it now and then, and at the
  /// end.
  public func flush() {
    let time = clock()
    state.withLock { writeHeldBack(&$0, time) }
  }
}

extension Log {
  private func write(_ level: Level, _ message: StaticString, _ fields: () -> Fields) {
    guard level.rank >= rank.load(ordering: .relaxed) else { return }
    let time = clock()
    let fields = fields()
    state.withLock { state in
      guard let heldBack = state.limiter.admit(message, level, at: time) else { return }
      var line = LogLine(format, level, time, message)
      for (name, value) in fields { line.add(name, value) }
      if heldBack > 0 { line.add("suppressed", .int(heldBack)) }
      Self.write(line.finish(), to: state.descriptor)
      writeHeldBack(&state, time)
    }
  }

  private func writeHeldBack(_ state: inout State, _ time: Int64) {
    for over in state.limiter.takeOver(at: time) {
      var line = LogLine(format, over.level, time, over.message)
      line.add("suppressed", .int(over.heldBack))
      Self.write(line.finish(), to: state.descriptor)
    }
  }

  /// What cannot be written is lost: a full disk must not stop the server.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func open(_ path: String?) throws(LogError) -> Int32 {
    guard let path else { return STDERR_FILENO }
    let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      throw LogError(description: "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    return descriptor
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Why a log's file cannot be opened.
public struct LogError: Error, Sendable, CustomStringConvertible {
  public let description: String
}
