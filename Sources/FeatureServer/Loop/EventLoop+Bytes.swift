// Bytes in and out of a connection. What comes is parsed where it was read; only what is not whole yet, or
// has to wait for its turn, is copied. A peer that does not take its answers is not read from until it does.
import FeatureModel
import Glibc
import RESP

extension EventLoop {
  func read(_ connection: Connection) {
    let count = recv(connection.descriptor, readBuffer.baseAddress!, readBuffer.count, 0)
    if count < 0 {
      if errno != EAGAIN && errno != EINTR { close(connection) }
      return
    }
    connection.lastActive = now.milliseconds
    connection.lastSteady = steadyNow
    guard count > 0 else { return ended(connection) }
    counters.count(.bytesIn, count)
    let bytes = UnsafeRawBufferPointer(rebasing: readBuffer[..<count])
    #if TLS
      if connection.tls != nil { return receive(bytes, connection) }
    #endif
    take(bytes, connection)
  }

  /// The peer sends nothing more; what it is owed it still gets.
  private func ended(_ connection: Connection) {
    connection.hasEnded = true
    settle(connection)
  }

  /// Carries out what has come, and sends the answers.
  func take(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
    if connection.input.isEmpty {
      let consumed = execute(connection, bytes)
      if consumed < bytes.count {
        connection.input.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
      }
      finish(connection)
    } else {
      connection.input.append(contentsOf: bytes)
      resume(connection)
    }
  }

  /// Goes on with what has waited.
  func resume(_ connection: Connection) {
    // Taken out, so that commands may change the connection.
    var input: [UInt8] = []
    swap(&input, &connection.input)
    let start = connection.inputStart
    let end =
      start
      + input.withUnsafeBytes { bytes in
        execute(connection, UnsafeRawBufferPointer(rebasing: bytes[start...]))
      }
    connection.inputStart = 0
    if end == input.count {
      // An idle connection holds no memory.
      if input.capacity <= 4096 { input.removeAll(keepingCapacity: true) } else { input = [] }
    } else if end > input.count / 2 {
      input.removeFirst(end)
    } else {
      // Moved once in a while, not for every command that had to wait.
      connection.inputStart = end
    }
    swap(&input, &connection.input)
    finish(connection)
  }

  /// Replies that were waited for.
  func deliver(
    _ bytes: [UInt8], to connection: Connection, writes: Int, thenClose: Bool
  ) {
    if writes == 0 { jobEnded(connection) } else { writesEnded(connection, writes) }
    // What was registered is there for the next command already.
    noticeDeclarations()
    out.append(raw: bytes)
    if thenClose {
      connection.isClosing = true
      connection.input = []
      connection.inputStart = 0
      connection.replay = []
      stage.noteGone(connection.client.id)
    }
    resume(connection)
  }

  private func jobEnded(_ connection: Connection) {
    guard let job = connection.job else { return }
    connection.job = nil
    let spent = Self.steadyNanoseconds &- job.since
    counters.time(job.id.rawValue, nanoseconds: spent)
    noteIfSlow(CommandTable.standard[job.id], words: nil, connection, nanoseconds: spent)
  }

  private func writesEnded(_ connection: Connection, _ writes: Int) {
    connection.pendingReplies -= writes
    counters.time(
      CommandID.xadd.rawValue, nanoseconds: Self.steadyNanoseconds &- connection.pendingSince,
      calls: writes)
    connection.pendingSince = Self.steadyNanoseconds
  }

  /// Sends what was written to `out`, and decides how to go on.
  func finish(_ connection: Connection) {
    if out.count > 0 {
      write(connection)
      if out.count > Self.keptOutput { out = ReplyWriter(out.version) } else { out.removeAll() }
    }
    guard connections[Int(connection.descriptor)] === connection else { return }
    if connection.isCut, connection.unsentBytes == 0 { unfinished.append(connection.handle) }
    connection.isCut = false
    settle(connection)
  }

  /// Closes what has come to its end, and tells the poller what to wait for.
  private func settle(_ connection: Connection) {
    let isIdle = connection.waitingBytes == 0 || connection.hasPart && connection.isReady
    let isOver =
      connection.isClosing || connection.hasEnded && isIdle && connection.replay.isEmpty
      || isStopping && isIdle && connection.replay.isEmpty
    if isOver, connection.isSettled { return close(connection) }
    var interest: Poller.Interest = []
    if connection.unsentBytes > 0 {
      interest = .write
    } else if !connection.hasEnded, !connection.isClosing,
      connection.waitingBytes < max(1 << 20, readLimit(connection))
    {
      interest = .read
    }
    guard interest != connection.interest else { return }
    connection.interest = interest
    do throws(SystemError) {
      try poller.change(
        connection.descriptor, generation: connection.generation, interest)
    } catch { close(connection) }
  }

  /// A command that is not whole must be let grow; what waits for its turn need not.
  private func readLimit(_ connection: Connection) -> Int {
    connection.isReady ? context.configuration.maxRequestBytes + (1 << 20) : 0
  }

  private func write(_ connection: Connection) {
    #if TLS
      if connection.tls != nil { return encrypt(connection) }
    #endif
    out.bytes.withUnsafeBytes { transmit($0, connection) }
  }

  /// Sends bytes, or keeps what the peer does not take.
  func transmit(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
    var rest = bytes
    if connection.unsentBytes == 0 {
      let sent = sendNow(rest, connection)
      guard sent >= 0 else { return close(connection) }
      rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
    }
    guard !rest.isEmpty else { return }
    if connection.sent > 0 {
      connection.output.removeFirst(connection.sent)
      connection.sent = 0
    }
    guard connection.output.count + rest.count <= context.configuration.outputLimitBytes else {
      context.log.warning(
        "a client does not take its answers", ["client": .text(connection.client.peer)])
      return close(connection)
    }
    connection.output.append(contentsOf: rest)
  }

  /// The bytes that were taken; -1 where the connection is broken.
  private func sendNow(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) -> Int {
    var done = 0
    while done < bytes.count {
      let count = Glibc.send(
        connection.descriptor, bytes.baseAddress! + done, bytes.count - done,
        Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno == EINTR { continue }
        return errno == EAGAIN ? done : -1
      }
      done += count
      counters.count(.bytesOut, count)
    }
    return done
  }

  /// The peer takes bytes again.
  func send(_ connection: Connection) {
    let sent = connection.output.withUnsafeBytes { bytes in
      sendNow(UnsafeRawBufferPointer(rebasing: bytes[connection.sent...]), connection)
    }
    guard sent >= 0 else { return close(connection) }
    connection.sent += sent
    guard connection.unsentBytes == 0 else { return }
    connection.output = []
    connection.sent = 0
    // What came before the jam is still waiting.
    resume(connection)
  }

  func close(_ connection: Connection) {
    let place = Int(connection.descriptor)
    guard connections[place] === connection else { return }
    // First of all, so that nothing below that fails closes it once more.
    connections[place] = nil
    #if TLS
      if let session = connection.tls {
        connection.tls = nil
        session.close()
        drain(session, connection)
      }
    #endif
    if connection.pendingReplies > 0 { stage.noteGone(connection.client.id) }
    if connection.isBusy { context.workers.cancel(connection.handle) }
    poller.remove(connection.descriptor)
    Glibc.close(connection.descriptor)
    context.clients.remove(connection.client)
  }
}

#if TLS
  // The same through a session of TLS.
  extension EventLoop {
    private static let pieceBytes = 64 << 10

    private func receive(_ ciphertext: UnsafeRawBufferPointer, _ connection: Connection) {
      guard let session = connection.tls else { return }
      do {
        try session.receive(ciphertext)
        // The buffer is free again: the session has its own copy.
        while connections[Int(connection.descriptor)] === connection {
          let outcome = try session.read(into: readBuffer)
          drain(session, connection)
          switch outcome {
          case .bytes(let count):
            take(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]), connection)
          case .wantsMore: return finish(connection)
          case .closed: return ended(connection)
          }
        }
      } catch {
        context.log.debug(
          "TLS", ["client": .text(connection.client.peer), "reason": .text("\(error)")])
        drain(session, connection)
        close(connection)
      }
    }

    /// Sends what the session has for the peer.
    private func drain(_ session: TLSSession, _ connection: Connection) {
      withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 16) { piece in
        while session.ciphertextCount > 0 {
          let count = session.takeCiphertext(into: piece)
          if count == 0 { return }
          transmit(UnsafeRawBufferPointer(rebasing: piece[..<count]), connection)
        }
      }
    }

    private func encrypt(_ connection: Connection) {
      guard let session = connection.tls else { return }
      out.bytes.withUnsafeBytes { bytes in
        var start = 0
        while start < bytes.count, connection.tls != nil {
          let end = min(bytes.count, start + Self.pieceBytes)
          do {
            _ = try session.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
          } catch { return close(connection) }
          drain(session, connection)
          start = end
        }
      }
    }
  }
#endif
