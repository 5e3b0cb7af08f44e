// One command over some connections: at a fixed rate, or the next as soon as the last is answered.

/// What a flow is told: `lookups,rate=50000,connections=20,batch=5`, then the words of its command.
struct FlowSettings {
  let name: String
  /// Requests in a second over all connections; 0 for as fast as answers come.
  var rate = 0.0
  var connections = 1
  /// Requests that are sent together; `;` between words makes one request of several commands.
  var batch = 1
  /// Pauses of a flow without a rate, after an answer.
  var pauseMilliseconds = 0.0
  let words: [String]
  let entities: UInt64

  init(_ words: [String], _ entities: UInt64) {
    guard words.count > 1 else { fail("a flow needs a command") }
    let parts = words[0].split(separator: ",")
    name = String(parts[0])
    self.words = Array(words.dropFirst())
    self.entities = entities
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=")
      guard pair.count == 2, let value = Double(pair[1]) else { fail("'\(part)' is no setting") }
      switch pair[0] {
      case "rate": rate = value
      case "connections": connections = Int(value)
      case "batch": batch = Int(value)
      case "pause": pauseMilliseconds = value
      default: fail("no setting of a flow is called '\(pair[0])'")
      }
    }
  }
}

final class Flow {
  let settings: FlowSettings
  private let template: RequestTemplate
  private let wires: [Wire]
  /// For each connection, when what it waits for was due, the oldest first: time and number of requests.
  private var owed: [[(due: Int64, count: Int)]]
  private var turn = 0
  private(set) var sent = 0
  private(set) var replies = 0
  /// From when a request was due to its answer, in nanoseconds.
  private var latencies: [UInt32] = []
  /// From when a request was due to its sending: the load's own delay.
  private var delays: [UInt32] = []
  /// When the next requests are due; nil for a flow without a rate.
  private(set) var nextDue: Int64?
  /// When connections of a flow with pauses go on.
  private(set) var paused: [(until: Int64, wire: Int)] = []

  init(_ settings: FlowSettings, seed: UInt64, port: String) {
    self.settings = settings
    template = RequestTemplate(
      settings.words, batch: settings.batch, entities: settings.entities, seed: seed)
    wires = (0..<settings.connections).map { _ in Wire(port: port) }
    owed = Array(repeating: [], count: wires.count)
    latencies.reserveCapacity(1 << 20)
  }

  var descriptors: [Int32] { wires.map(\.descriptor) }
  var outstanding: Int { sent - replies }
  /// Those whose last command is answered.
  var requests: Int { replies / template.commandCount }
  var errors: Int { wires.reduce(0) { $0 + $1.scanner.errors } }

  func start(_ now: Int64) {
    if settings.rate > 0 {
      nextDue = now
    } else {
      for wire in wires.indices { send(wire, due: now, now) }
    }
  }

  /// Sends what is due.
  func catchUp(_ now: Int64) {
    while let due = nextDue, due <= now {
      send(turn, due: due, now)
      turn = (turn + 1) % wires.count
      nextDue = due + Int64(Double(settings.batch) / settings.rate * 1e9)
    }
    while let first = paused.first, first.until <= now {
      paused.removeFirst()
      send(first.wire, due: now, now)
    }
  }

  private func send(_ wire: Int, due: Int64, _ now: Int64) {
    let count = settings.batch * template.commandCount
    owed[wire].append((due, count))
    sent += count
    if settings.rate > 0 { delays.append(UInt32(clamping: now - due)) }
    template.next(wires[wire].send)
  }

  /// Takes answers.
  /// - Parameter goesOn: whether a flow without a rate sends again.
  func receive(_ wire: Int, goesOn: Bool) {
    var count = wires[wire].receive()
    guard count > 0 else { return }
    let now = Clock.now
    replies += count
    while count > 0, !owed[wire].isEmpty {
      let taken = min(count, owed[wire][0].count)
      let latency = UInt32(clamping: now - owed[wire][0].due)
      for _ in 0..<taken { latencies.append(latency) }
      count -= taken
      owed[wire][0].count -= taken
      if owed[wire][0].count == 0 { owed[wire].removeFirst() }
    }
    guard settings.rate == 0, goesOn, owed[wire].isEmpty else { return }
    if settings.pauseMilliseconds > 0 {
      paused.append((now + Int64(settings.pauseMilliseconds * 1e6), wire))
    } else {
      send(wire, due: now, now)
    }
  }

  func report(seconds: Double, processor: Double) {
    if let error = wires.lazy.map(\.scanner.firstError).first(where: { !$0.isEmpty }) {
      fail("\(settings.name): \(errors) of \(replies) requests failed: \(error)")
    }
    latencies.sort()
    delays.sort()
    let figures: [(String, Double)] = [
      ("requests", Double(requests)), ("unanswered", Double(outstanding)), ("wall_s", seconds),
      ("rate", Double(requests) / seconds), ("p50_us", Self.quantile(latencies, 0.5)),
      ("p99_us", Self.quantile(latencies, 0.99)), ("p999_us", Self.quantile(latencies, 0.999)),
      ("max_us", Self.quantile(latencies, 1)), ("own_delay_p99_us", Self.quantile(delays, 0.99)),
      ("generator_cpu_s", processor),
    ]
    let members = figures.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
    print("{\"work\": \"\(settings.name)\", \(members)}")
  }

  private static func quantile(_ sorted: [UInt32], _ share: Double) -> Double {
    guard !sorted.isEmpty else { return 0 }
    return Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]) / 1000
  }
}
