// Bytes of a connection to commands, and commands to what carries them out. A look-up of now is recognised
// by its first bytes; everything else goes through the table.
import FeatureModel
import Glibc
import RESP

extension EventLoop {
  /// Carries out what is whole and can be carried out now; answers gather in `out`.
  /// - Returns: how many of the bytes are done with.
  func execute(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) -> Int {
    var parser = connection.parser.take() ?? spareParser.take() ?? RequestParser()
    out.version = connection.version
    var run = LookupRun(started: Self.steadyNanoseconds)
    var offset = 0
    while replay(connection, &run), connection.isReady, offset < bytes.count {
      if isCut(connection) { break }
      if connection.isHTTP {
        guard connection.pendingReplies == 0,
          answerHTTP(connection, UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        else {
          break
        }
        offset = bytes.count
        break
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      guard let length = step(connection, rest, &parser, &run) else { break }
      offset += length
    }
    close(run)
    connection.hasPart = !parser.isAtStart
    if parser.isAtStart { spareParser = consume parser } else { connection.parser = consume parser }
    return offset
  }

  /// Whether the rest has to wait until what was answered is sent: one peer's answers never fill the memory,
  /// and others have their turn.
  private func isCut(_ connection: Connection) -> Bool {
    guard out.count >= Self.outputPiece else { return false }
    connection.isCut = true
    return true
  }

  private static let outputPiece = 256 << 10

  /// Look-ups of one round, whose time is taken together.
  struct LookupRun {
    let started: UInt64
    var count = 0
    /// Spent on other commands.
    var elsewhere: UInt64 = 0
  }

  private func close(_ run: LookupRun) {
    guard run.count > 0 else { return }
    let spent = Self.steadyNanoseconds &- run.started &- run.elsewhere
    counters.count(.commands, run.count)
    counters.time(
      CommandID.hmget.rawValue, nanoseconds: spent / UInt64(run.count), calls: run.count)
  }

  /// One command.
  /// - Returns: its bytes; nil where it is not whole, or has to wait.
  @inline(__always)
  private func step(
    _ connection: Connection, _ bytes: UnsafeRawBufferPointer, _ parser: inout RequestParser,
    _ run: inout LookupRun
  ) -> Int? {
    let limits =
      connection.role == nil ? RequestLimits.stranger : context.configuration.requestLimits
    switch parser.parse(bytes, limits) {
    case .command(let length):
      let words = RequestWords(
        bytes: parser.source(bytes, length: length), arguments: parser.arguments,
        count: parser.count, following: parser.isInline ? 0 : bytes.count - length)
      return carryOut(words, connection, &run) ? length : nil
    case .nothing(let length): return length
    case .incomplete: return nil
    case .http:
      connection.isHTTP = true
      return 0
    case .failed(let error):
      guard connection.pendingReplies == 0 else { return nil }
      counters.count(.protocolErrors)
      out.error("ERR Protocol error: \(error)")
      connection.isClosing = true
      return bytes.count
    }
  }

  /// The commands of a transaction that is being carried out.
  /// - Returns: false where one has to wait.
  private func replay(_ connection: Connection, _ run: inout LookupRun) -> Bool {
    guard !connection.replay.isEmpty else { return true }
    let commands = connection.replay
    var parser = RequestParser()
    let limits = context.configuration.requestLimits
    let isDone = commands.withUnsafeBytes { bytes in
      while connection.replayed < bytes.count {
        guard connection.isReady, !isCut(connection) else { return false }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[connection.replayed...])
        guard case .command(let length) = parser.parse(rest, limits) else { return true }
        let words = RequestWords(
          bytes: parser.source(rest, length: length), arguments: parser.arguments,
          count: parser.count, following: 0)
        guard carryOut(words, connection, &run) else { return false }
        connection.replayed += length
      }
      return true
    }
    if isDone {
      connection.replay = []
      connection.replayed = 0
    }
    return isDone
  }

  /// - Returns: false where the command has to wait for replies before its own.
  @inline(__always)
  private func carryOut(
    _ words: RequestWords, _ connection: Connection, _ run: inout LookupRun
  ) -> Bool {
    if words.isHMGET, connection.pendingReplies == 0, connection.transaction == nil,
      connection.role != nil
    {
      run.count += 1
      let start = out.count
      do throws(LookupError) {
        if let clockFailure { throw LookupError(clockFailure) }
        try lookUp(words, .texts)
      } catch { refuse(.hmget, error, from: start) }
      return true
    }
    let started = Self.steadyNanoseconds
    let isDone = dispatch(words, connection, since: started)
    run.elsewhere &+= Self.steadyNanoseconds &- started
    return isDone
  }

  /// The error in place of what was appended of a reply.
  private func refuse(_ id: CommandID, _ error: LookupError, from start: Int) {
    out.truncate(to: start)
    counters.count(.errors)
    counters.fail(id.rawValue)
    out.error(error.text)
  }

  private func dispatch(
    _ words: RequestWords, _ connection: Connection, since started: UInt64
  ) -> Bool {
    let (name, found) = find(words)
    let isWrite: Bool
    if case .spec(let spec) = found, spec.id == .xadd { isWrite = true } else { isWrite = false }
    // Replies come in the order of commands.
    if connection.pendingReplies > 0, !isWrite { return false }
    counters.count(.commands)
    let start = out.count
    do throws(LookupError) {
      let spec = try check(found, name, words, connection)
      if connection.transaction != nil, !Self.endsTransaction(spec.id) {
        queue(words, connection)
      } else {
        try perform(spec, words, connection)
      }
      note(spec, words, connection, since: started)
    } catch {
      out.truncate(to: start)
      counters.count(.errors)
      if case .spec(let spec) = found { counters.fail(spec.id.rawValue) }
      if connection.transaction != nil { connection.transaction!.isBroken = true }
      reply(error: error.text, connection)
    }
    return true
  }

  /// Clients repeat themselves: the command of the latest name is at hand without a look at the table.
  private func find(_ words: RequestWords) -> (name: String, found: CommandTable.Found) {
    let word = words[0]
    if let latest = latestCommand, latest.name.count == word.count,
      latest.name.withUnsafeBytes({ memcmp($0.baseAddress!, word.baseAddress!, word.count) == 0 })
    {
      return (latest.spec.name, .spec(latest.spec))
    }
    let name = words.name(0)
    let found = CommandTable.standard.find(name, words.count > 1 ? words.name(1) : nil)
    if case .spec(let spec) = found, !word.isEmpty, !CommandTable.standard.hasSubcommands(name) {
      latestCommand = (Array(word), spec)
    }
    return (name, found)
  }

  /// An error in its turn: behind the replies to writes that are not there yet.
  private func reply(error: String, _ connection: Connection) {
    guard connection.pendingReplies > 0 else { return out.error(error) }
    var reply = ReplyWriter(connection.version)
    reply.error(error)
    stage.add(reply: reply.bytes, connection)
    connection.pendingReplies += 1
  }

  private func check(
    _ found: CommandTable.Found, _ name: String, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) -> CommandSpec {
    switch found {
    case .unknown:
      guard connection.role != nil else { throw Self.stranger }
      let given = String(name.prefix(60))
      let hint = Suggestion.phrase(for: given, among: CommandTable.standard.names)
      throw LookupError("ERR unknown command '\(words.string(0).prefix(60))'\(hint)")
    case .unknownSubcommand(let container, let known):
      guard connection.role != nil else { throw Self.stranger }
      let given = words.count > 1 ? String(words.name(1).prefix(60)) : ""
      throw LookupError(
        "ERR unknown subcommand '\(given)' of '\(container)'\(Suggestion.phrase(for: given, among: known))"
      )
    case .spec(let spec):
      if let needed = spec.role {
        guard let role = connection.role else { throw Self.stranger }
        guard role >= needed else {
          throw LookupError(
            "NOPERM '\(spec.fullName)' needs the role \(needed.rawValue); this user has \(role.rawValue)"
          )
        }
      }
      guard spec.admits(words: words.count) else {
        throw LookupError(
          "ERR wrong number of arguments for '\(spec.fullName.lowercased())' command: \(spec.syntax)"
        )
      }
      return spec
    }
  }

  private static let stranger = LookupError("NOAUTH Authentication required.")

  private func note(
    _ spec: CommandSpec, _ words: RequestWords, _ connection: Connection, since started: UInt64
  ) {
    let spent = Self.steadyNanoseconds &- started
    // What is carried out elsewhere is timed when its reply is there.
    if connection.job == nil, spec.id != .xadd {
      counters.time(spec.id.rawValue, nanoseconds: spent)
      noteIfSlow(spec, words: words.count, connection, nanoseconds: spent)
    }
    if spec.group != .lookup, spec.group != .ingest {
      connection.client.profile.withLock { $0.command = spec.fullName.lowercased() }
    }
  }

  func noteIfSlow(
    _ spec: CommandSpec, words: Int?, _ connection: Connection, nanoseconds: UInt64
  ) {
    guard nanoseconds / 1000 >= UInt64(context.configuration.slowlogMicroseconds) else { return }
    context.slowLog.add(
      spec.fullName, words: words ?? 0, microseconds: Int(nanoseconds / 1000), at: now,
      connection.client)
  }
}

extension RequestWords {
  /// HMGET with a key and at least one feature.
  @inline(__always)
  var isHMGET: Bool {
    guard count >= 3, arguments[0].count == 5 else { return false }
    let name = bytes.baseAddress! + Int(arguments[0].start)
    // Four letters in capitals, and the fifth.
    return name.loadUnaligned(as: UInt32.self) & 0xDFDF_DFDF == 0x4547_4D48
      && (name + 4).load(as: UInt8.self) & 0xDF == UInt8(ascii: "T")
  }
}

// Transactions.
extension EventLoop {
  private static func endsTransaction(_ id: CommandID) -> Bool {
    switch id {
    case .exec, .discard, .multi, .quit, .reset: true
    default: false
    }
  }

  private func queue(_ words: RequestWords, _ connection: Connection) {
    let size = connection.transaction!.commands.count + words.bytes.count
    guard size <= context.configuration.maxRequestBytes else {
      connection.transaction!.isBroken = true
      return out.error("ERR a transaction is larger than the limit of one request")
    }
    connection.transaction!.commands.append(contentsOf: words.bytes)
    connection.transaction!.count += 1
    out.simple("QUEUED")
  }

  func begin(_ connection: Connection) throws(LookupError) {
    guard connection.transaction == nil else {
      throw LookupError("ERR MULTI calls can not be nested")
    }
    guard connection.replay.isEmpty else {
      throw LookupError("ERR MULTI inside of a transaction that is carried out")
    }
    connection.transaction = Connection.Transaction()
    out.ok()
  }

  func discard(_ connection: Connection) throws(LookupError) {
    guard connection.transaction != nil else { throw LookupError("ERR DISCARD without MULTI") }
    connection.transaction = nil
    out.ok()
  }

  /// The replies of the commands, end to end behind the header of an array, are the reply.
  func carryOutTransaction(_ connection: Connection) throws(LookupError) {
    guard let transaction = connection.transaction else {
      throw LookupError("ERR EXEC without MULTI")
    }
    connection.transaction = nil
    guard !transaction.isBroken else {
      throw LookupError("EXECABORT Transaction discarded because of previous errors.")
    }
    out.array(transaction.count)
    connection.replay = transaction.commands
    connection.replayed = 0
  }
}
