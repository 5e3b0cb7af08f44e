// `GET /metrics`: everything a dashboard asks for, in the text format of Prometheus.
//
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/
import FeatureModel
import Hindcast

struct Metrics {
  private let context: ServerContext
  private var text = ""

  private init(_ context: ServerContext) { self.context = context }

  static func text(_ context: ServerContext) -> String {
    var metrics = Metrics(context)
    metrics.addServer()
    metrics.addLookups()
    metrics.addCommands()
    metrics.addIngestion()
    metrics.addStore()
    metrics.addServedLog()
    metrics.addDeprecated()
    return metrics.text
  }

  private mutating func head(_ name: String, _ type: String, _ help: String) {
    text += "# HELP hindcast_\(name) \(help)\n# TYPE hindcast_\(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ labels: String = "", _ value: some Any) {
    text += "hindcast_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
  }

  private mutating func counter(_ name: String, _ help: String, _ value: some Any) {
    head(name, "counter", help)
    line(name, "", value)
  }

  private mutating func gauge(_ name: String, _ help: String, _ value: some Any) {
    head(name, "gauge", help)
    line(name, "", value)
  }

  /// The value of a label, escaped.
  static func quoted(_ text: String) -> String {
    "\""
      + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n") + "\""
  }

  private mutating func addServer() {
    head("build_info", "gauge", "The version that is running.")
    line("build_info", "version=\(Self.quoted(hindcastVersion))", 1)
    gauge(
      "start_time_seconds", "When the server started, Unix time.",
      Double(context.started.milliseconds) / 1000)
    gauge("clients", "Connections now.", context.clients.count)
    counter("connections_total", "Connections that were taken.", context.total(.accepted))
    counter(
      "connections_rejected_total", "Connections beyond maxClients.", context.total(.rejected))
    counter("received_bytes_total", "Bytes from clients.", context.total(.bytesIn))
    counter("sent_bytes_total", "Bytes to clients.", context.total(.bytesOut))
    counter("error_replies_total", "Commands answered with an error.", context.total(.errors))
    counter(
      "protocol_errors_total", "Connections that sent what is no command.",
      context.total(.protocolErrors))
    counter("cpu_seconds_total", "Time on a core, all threads.", ProcessFigures.processorSeconds)
    gauge("resident_memory_bytes", "Memory in use.", ProcessFigures.residentBytes)
  }

  private mutating func addLookups() {
    counter("cache_hits_total", "Answers that were kept.", context.total(.cacheHits))
    counter("cache_misses_total", "Answers from the store.", context.total(.cacheMisses))
    let (hits, misses) = (context.total(.cacheHits), context.total(.cacheMisses))
    let ratio = hits + misses == 0 ? 0 : Double(hits) / Double(hits + misses)
    gauge("cache_hit_ratio", "Hits among all look-ups since the start.", ratio)
    gauge("cache_bytes", "Bytes of kept answers.", context.total(.cacheBytes))
    gauge("cache_entries", "Kept answers.", context.total(.cacheEntries))
    counter(
      "row_cache_hits_total", "Blocks of entities that were kept.", context.total(.rowHits))
    counter("row_cache_misses_total", "Blocks from RocksDB.", context.total(.rowMisses))
    gauge("row_cache_bytes", "Bytes of kept blocks.", context.total(.rowCacheBytes))
  }

  private mutating func addCommands() {
    head(
      "command_duration_seconds", "histogram",
      "From a command's turn to its reply; XADD until it is stored.")
    for spec in CommandTable.standard.all {
      let figures = CommandFigures(spec.id, context.counters)
      guard figures.calls > 0 else { continue }
      let label = "command=\(Self.quoted(spec.wireName))"
      var sum: UInt64 = 0
      for (index, bound) in LoopCounters.bounds.enumerated() {
        sum += figures.buckets[index]
        line("command_duration_seconds_bucket", "\(label),le=\"\(bound / 1e6)\"", sum)
      }
      line("command_duration_seconds_bucket", "\(label),le=\"+Inf\"", figures.calls)
      line("command_duration_seconds_sum", label, Double(figures.nanoseconds) / 1e9)
      line("command_duration_seconds_count", label, figures.calls)
    }
    head("command_failures_total", "counter", "Commands answered with an error, by name.")
    for spec in CommandTable.standard.all {
      let figures = CommandFigures(spec.id, context.counters)
      guard figures.failures > 0 else { continue }
      line("command_failures_total", "command=\(Self.quoted(spec.wireName))", figures.failures)
    }
  }

  private mutating func addIngestion() {
    let figures = context.writer.figures
    counter("group_commits_total", "Writes of the ingest thread.", figures.groups)
    counter("events_failed_total", "Events that could not be stored.", figures.failures)
    let streams = figures.streams.sorted { $0.key < $1.key }
    add(streams, "events_total", "Events that were stored.") { $0.events }
    add(streams, "events_late_total", "Events of slices that were sealed already.") { $0.late }
    add(
      streams, "event_lateness_seconds_total",
      "From events' own time to when they were stored, summed."
    ) { Double($0.milliseconds) / 1000 }
    head("stream_seal_seconds", "gauge", "Nothing arrives before this moment, Unix time.")
    for stream in context.store.store.streams {
      guard let seal = stream.seal else { continue }
      line(
        "stream_seal_seconds", "stream=\(Self.quoted(stream.declaration.name))",
        Double(seal.milliseconds) / 1000)
    }
  }

  private mutating func add(
    _ streams: [(key: String, value: Lateness)], _ name: String, _ help: String,
    _ value: (Lateness) -> some Any
  ) {
    head(name, "counter", help)
    for (stream, lateness) in streams {
      line(name, "stream=\(Self.quoted(stream))", value(lateness))
    }
  }

  private mutating func addStore() {
    for (name, value) in context.store.store.figures {
      let name = "rocksdb_" + name.replacing("-", with: "_")
      gauge(name, "RocksDB's property of this name.", value)
    }
  }

  private mutating func addServedLog() {
    guard let log = context.servedLog?.statistics else { return }
    counter("served_log_answers_total", "Answers that were recorded.", log.records)
    counter("served_log_dropped_total", "Answers that could not be recorded.", log.dropped)
    counter("served_log_errors_total", "Failed writes of the served log.", log.errors)
    gauge("served_log_bytes", "Size of the served log.", log.storedBytes)
    guard let silent = context.silentLog?.counts else { return }
    counter(
      "silent_answers_total", "Answers of silent versions that were recorded.", silent.answers)
    counter(
      "silent_dropped_total", "Look-ups that silent versions were not asked.", silent.dropped)
  }

  private mutating func addDeprecated() {
    let store = context.store.store
    let subjects = store.views.flatMap { store.deprecations(of: $0.declaration.name) }
      .map(\.subject.description)
    if subjects.isEmpty { return }
    head("deprecated_lookups_total", "counter", "Look-ups of what is deprecated, since it is.")
    for subject in subjects {
      let known = store.use(of: subject)?.lookups ?? 0
      line(
        "deprecated_lookups_total", "name=\(Self.quoted(subject))",
        known + context.uses.pending(subject))
    }
  }
}
