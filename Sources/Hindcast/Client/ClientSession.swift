// A connection from its making to its end, in the hands of one thread: replies come in the order of the
// commands, so the oldest call that is not answered owns the next reply. A call that has ended before keeps
// its place, and its replies are dropped when they come.
import Glibc
import RESP

struct ClientSession: ~Copyable {
  private let link: ClientLink
  private let socket: ClientSocket
  private var output: [UInt8] = []
  private var written = 0
  private var input: [UInt8] = []
  /// Bytes of it that are replies already.
  private var understood = 0
  private var piece = [UInt8](repeating: 0, count: 64 << 10)
  private var scanner = ReplyScanner()
  /// Calls that were sent, the oldest first, from `oldest` on.
  private var calls: [ClientCall] = []
  private var oldest = 0
  /// Replies of the oldest.
  private var replies: [RESPValue] = []
  /// When bytes came last.
  private var lastHeard = SteadyClock.now

  private init(_ link: ClientLink, _ socket: consuming ClientSocket) {
    self.link = link
    self.socket = socket
  }

  /// Connects and logs in.
  static func open(_ link: ClientLink) throws(ClientError) -> ClientSession {
    let deadline = SteadyClock.now + link.configuration.connectTimeout.nanoseconds
    do throws(ClientFailure) {
      var session = ClientSession(link, try connect(link, until: deadline))
      if let refusal = try session.greet(until: deadline) { throw ClientFailure(login: refusal) }
      return session
    } catch {
      if link.isClosed { throw .closed }
      if let refusal = error.login { throw .loginRefused(refusal) }
      throw .cannotConnect(to: "\(link.configuration.address)", reason: error.reason)
    }
  }

  private static func connect(
    _ link: ClientLink, until deadline: Int64
  ) throws(ClientFailure) -> ClientSocket {
    var failure = ClientFailure("the name has no address")
    for target in try ClientSocket.Target.all(of: link.configuration.address) {
      do throws(ClientFailure) {
        let socket = try ClientSocket(connectingTo: target)
        while try wait(link, socket.number, for: POLLOUT, until: deadline) == 0 {}
        if let failure = socket.connectFailure { throw failure }
        return socket
      } catch { failure = error }
      if SteadyClock.now >= deadline || link.isClosed { break }
    }
    throw failure
  }

  /// Waits for events of the socket while no call may be sent.
  /// - Returns: the events; 0 where it is worth another look.
  private static func wait(
    _ link: ClientLink, _ socket: Int32, for events: Int32, until deadline: Int64
  ) throws(ClientFailure) -> Int32 {
    let next = link.expireWaiting() ?? deadline
    if link.isClosed { throw ClientFailure("the client is closed") }
    if SteadyClock.now >= deadline { throw ClientFailure("no answer within the time allowed") }
    return link.wakeup.wait(socket, for: events, until: min(deadline, next))
  }

  /// - Returns: why the login was refused; nil where it was not.
  private mutating func greet(until deadline: Int64) throws(ClientFailure) -> String? {
    let greeting = link.configuration.greeting
    for words in greeting { RequestWriter.append(words, to: &output) }
    var answers = 0
    while answers < greeting.count {
      try flush()
      let events = written < output.count ? POLLIN | POLLOUT : POLLIN
      let ready = try Self.wait(link, socket.number, for: events, until: deadline)
      if ready & ~POLLOUT != 0, !(try receive()) {
        throw ClientFailure("it closed the connection")
      }
      while let reply = try nextReply() {
        // What it thinks of the rest does not matter.
        if answers == 0, case .error(let message) = reply { return message }
        answers += 1
      }
    }
    return nil
  }
}

// Bytes.
extension ClientSession {
  /// Sends what the socket takes.
  private mutating func flush() throws(ClientFailure) {
    while written < output.count {
      let progress = output.withUnsafeBytes { bytes in
        socket.send(UnsafeRawBufferPointer(rebasing: bytes[written...]))
      }
      switch progress {
      case .bytes(let count): written += count
      case .none, .end: return
      case .failed(let reason): throw ClientFailure(reason)
      }
    }
    output.removeAll(keepingCapacity: output.count < 1 << 20)
    written = 0
  }

  /// Reads what is there; false where the peer has closed the connection.
  private mutating func receive() throws(ClientFailure) -> Bool {
    input.removeFirst(understood)
    understood = 0
    let progress = piece.withUnsafeMutableBytes { socket.receive(into: $0) }
    switch progress {
    case .bytes(let count):
      input += piece[..<count]
      lastHeard = SteadyClock.now
    case .none: break
    case .end: return false
    case .failed(let reason): throw ClientFailure(reason)
    }
    return true
  }

  /// The next whole reply; what the server says unasked is passed over.
  private mutating func nextReply() throws(ClientFailure) -> RESPValue? {
    while true {
      let found = input.withUnsafeBytes { bytes in
        Result { () throws(ProtocolError) in
          let rest = UnsafeRawBufferPointer(rebasing: bytes[understood...])
          return try scanner.scan(rest) == nil ? nil : try ReplyDecoder.decode(rest)
        }
      }
      switch found {
      case .failure(let error): throw ClientFailure("not the protocol: \(error)")
      case .success(nil): return nil
      case .success(let (reply, length)?):
        understood += length
        if case .push = reply { continue }
        return reply
      }
    }
  }
}

// Calls.
extension ClientSession {
  /// Carries calls out until the connection or the link ends; ends all that are not answered then.
  mutating func serve() {
    var reason: ClientError
    do throws(ClientFailure) {
      while !link.isClosed {
        takeCalls()
        try flush()
        let events = written < output.count ? POLLIN | POLLOUT : POLLIN
        let deadline = try expire()
        let ready = link.wakeup.wait(socket.number, for: events, until: deadline)
        guard ready & ~POLLOUT != 0 else { continue }
        if !(try receive()) { throw ClientFailure("the server closed it") }
        try answer()
      }
      reason = .closed
    } catch { reason = .connectionLost(error.reason) }
    for call in calls[oldest...] {
      link.load.subtract(1, ordering: .relaxed)
      call.fail(reason, replies: replies)
      replies = []
    }
  }

  private mutating func takeCalls() {
    for call in link.take() {
      if call.isEnded {
        link.drop(call, .cancelled)
        continue
      }
      output += call.bytes
      calls.append(call)
    }
  }

  /// Gives the replies that are there to the calls that they are for.
  private mutating func answer() throws(ClientFailure) {
    while let reply = try nextReply() {
      guard oldest < calls.count else { throw ClientFailure("a reply to nothing") }
      replies.append(reply)
      let call = calls[oldest]
      guard replies.count == call.replyCount else { continue }
      link.load.subtract(1, ordering: .relaxed)
      call.end(.init(replies: replies))
      replies = []
      oldest += 1
    }
    if oldest > 64, oldest * 2 > calls.count {
      calls.removeFirst(oldest)
      oldest = 0
    }
  }

  /// Ends the calls whose time is over. Where the server has said nothing since one of them began, it is not
  /// coming back, and the connection ends.
  /// - Returns: when the next one's time is over; nil where none waits.
  private mutating func expire() throws(ClientFailure) -> Int64? {
    let now = SteadyClock.now
    for (index, call) in calls[oldest...].enumerated() where !call.isEnded {
      if call.deadline > now { return call.deadline }
      call.fail(.timedOut, replies: index == 0 ? replies : [])
      if lastHeard < call.start { throw ClientFailure("the server said nothing for too long") }
    }
    return nil
  }
}
