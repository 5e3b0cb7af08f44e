// What INFO tells: text in Redis's sections and names, which dashboards know, and a section of our own.
import FeatureModel
import Hindcast

struct ServerReport {
  private let context: ServerContext
  private let now: Timestamp

  init(_ context: ServerContext, _ now: Timestamp) {
    self.context = context
    self.now = now
  }

  private static let names = [
    "server", "clients", "memory", "persistence", "stats", "commandstats", "keyspace", "hindcast",
  ]

  /// - Parameter sections: in any case; all where none is named.
  func text(sections: [String]) -> String {
    let wanted = Set(sections.map { $0.lowercased() })
    let all = wanted.isEmpty || !wanted.isDisjoint(with: ["all", "default", "everything"])
    return Self.names.filter { all || wanted.contains($0) }.map { name in
      let title = name.prefix(1).uppercased() + name.dropFirst()
      let lines = lines(of: name).map { "\($0.0):\($0.1)\r\n" }.joined()
      return "# \(title)\r\n\(lines)"
    }.joined(separator: "\r\n")
  }

  private func lines(of section: String) -> [(String, String)] {
    switch section {
    case "server": server
    case "clients":
      [
        ("connected_clients", "\(context.clients.count)"),
        ("maxclients", "\(context.configuration.maxClients)"), ("blocked_clients", "0"),
      ]
    case "memory":
      [
        ("used_memory_rss", "\(ProcessFigures.residentBytes)"),
        ("answer_cache_bytes", "\(context.total(.cacheBytes))"),
        ("answer_cache_budget", "\(context.configuration.cacheBytes)"),
        ("row_cache_bytes", "\(context.total(.rowCacheBytes))"),
        ("row_cache_budget", "\(context.configuration.rowCacheBytes)"),
      ]
    case "persistence":
      [
        ("loading", "0"), ("aof_enabled", "1"), ("fsync", context.configuration.fsync.rawValue),
        ("group_commits", "\(context.writer.figures.groups)"),
        ("events_not_stored", "\(context.writer.figures.failures)"),
      ]
    case "stats": stats
    case "commandstats": commands
    case "keyspace": [("db0", "keys=\(context.store.store.keysEstimate),expires=0,avg_ttl=0")]
    default: own
    }
  }

  private var server: [(String, String)] {
    let seconds = max(0, now.milliseconds - context.started.milliseconds) / 1000
    return [
      ("hindcast_version", hindcastVersion), ("redis_version", "7.0.0"),
      ("redis_mode", "standalone"), ("os", "Linux"), ("arch_bits", "64"),
      ("process_id", "\(ProcessFigures.identifier)"),
      ("uptime_in_seconds", "\(seconds)"), ("uptime_in_days", "\(seconds / 86_400)"),
      ("io_threads", "\(context.configuration.loops)"),
    ]
  }

  private var stats: [(String, String)] {
    [
      ("total_connections_received", "\(context.total(.accepted))"),
      ("total_commands_processed", "\(context.total(.commands))"),
      ("total_net_input_bytes", "\(context.total(.bytesIn))"),
      ("total_net_output_bytes", "\(context.total(.bytesOut))"),
      ("rejected_connections", "\(context.total(.rejected))"),
      ("keyspace_hits", "\(context.total(.cacheHits))"),
      ("keyspace_misses", "\(context.total(.cacheMisses))"),
      ("row_cache_hits", "\(context.total(.rowHits))"),
      ("row_cache_misses", "\(context.total(.rowMisses))"),
      ("total_error_replies", "\(context.total(.errors))"),
      ("total_events", "\(context.total(.events))"),
    ]
  }

  private var commands: [(String, String)] {
    CommandTable.standard.all.compactMap { spec in
      let figures = CommandFigures(spec.id, context.counters)
      guard figures.calls + figures.failures > 0 else { return nil }
      let micros = figures.nanoseconds / 1000
      let each = figures.calls == 0 ? 0 : Double(micros) / Double(figures.calls)
      return (
        "cmdstat_\(spec.wireName)",
        "calls=\(figures.calls),usec=\(micros),usec_per_call=\((each * 100).rounded() / 100),"
          + "rejected_calls=0,failed_calls=\(figures.failures)"
      )
    }
  }

  private var own: [(String, String)] {
    let store = context.store.store
    var lines = [
      ("views", "\(store.views.count)"), ("streams", "\(store.streams.count)"),
      ("sets", "\(store.sets.count)"), ("answer_cache_entries", "\(context.total(.cacheEntries))"),
    ]
    for stream in store.streams {
      lines.append(
        ("stream_\(stream.declaration.name)", "seal=\(stream.seal?.description ?? "none")"))
    }
    if let log = context.servedLog?.statistics {
      lines.append(("served_log_answers", "\(log.records)"))
      lines.append(("served_log_dropped", "\(log.dropped)"))
      lines.append(("served_log_bytes", "\(log.storedBytes)"))
    }
    return lines
  }
}

/// One command's figures over all loops.
struct CommandFigures {
  private(set) var buckets = [UInt64](repeating: 0, count: LoopCounters.bounds.count + 1)
  private(set) var nanoseconds: UInt64 = 0
  private(set) var failures: UInt64 = 0

  init(_ id: CommandID, _ loops: [LoopCounters]) {
    for loop in loops {
      let figures = loop.figures(id.rawValue)
      for index in buckets.indices { buckets[index] += figures.buckets[index] }
      nanoseconds += figures.nanoseconds
      failures += figures.failures
    }
  }

  var calls: UInt64 { buckets.reduce(0, +) }
}
