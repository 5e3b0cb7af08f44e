// Commands about the server: its commands, its settings, how it is doing, and its end.
import FeatureModel
import Glibc
import RESP

extension EventLoop {
  func performServer(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    switch id {
    case .command: tellCommands(CommandTable.standard.names)
    case .commandCount: out.integer(Int64(CommandTable.standard.names.count))
    case .commandList:
      let names = CommandTable.standard.names
      out.array(names.count)
      for name in names { out.bulk(name.lowercased()) }
    case .commandInfo:
      tellCommands(
        words.count > 2 ? (2..<words.count).map(words.name) : CommandTable.standard.names)
    case .commandDocs: tellDocs(words)
    case .info: out.bulk(ServerReport(context, now).text(sections: words.strings(from: 1)))
    case .configGet:
      guard words.count <= 66 else { throw LookupError("ERR at most 64 patterns at a time") }
      tellSettings(words)
    case .slowlogGet: try tellSlow(words)
    case .slowlogLen: out.integer(Int64(context.slowLog.entries.count))
    case .slowlogReset:
      context.slowLog.reset()
      out.ok()
    case .shutdown:
      if words.count > 2 { throw LookupError("ERR syntax error") }
      context.log.info("told to stop", ["client": .text(connection.client.peer)])
      connection.isClosing = true
      context.requestStop()
    default: out.integer(Int64(clamping: context.store.store.keysEstimate))
    }
  }

  private func tellCommands(_ names: [String]) {
    out.array(names.count)
    for name in names {
      let specs = CommandTable.standard.all.filter { $0.name == name }
      if specs.isEmpty { out.nullArray() } else { out.commandInfo(specs, name: name) }
    }
  }

  private func tellDocs(_ words: RequestWords) {
    let table = CommandTable.standard
    let asked = words.count > 2 ? (2..<words.count).map(words.name) : table.names
    let known = Set(table.names)
    let names = asked.filter(known.contains)
    out.map(names.count)
    for name in names { out.commandDocs(table.all.filter { $0.name == name }, name: name) }
  }

  private func tellSettings(_ words: RequestWords) {
    var found: [(name: String, value: String)] = []
    for pattern in words.strings(from: 2) {
      let pattern = pattern.lowercased()
      for setting in context.configuration.shown where fnmatch(pattern, setting.name, 0) == 0 {
        if !found.contains(where: { $0.name == setting.name }) { found.append(setting) }
      }
    }
    out.map(found.count)
    for (name, value) in found {
      out.bulk(name)
      out.bulk(value)
    }
  }

  private func tellSlow(_ words: RequestWords) throws(LookupError) {
    var count = 10
    if words.count > 2 {
      guard words.count == 3, let wanted = words.integer(2), wanted >= -1 else {
        throw LookupError("ERR count should be greater than or equal to -1")
      }
      count = wanted == -1 ? .max : wanted
    }
    let entries = context.slowLog.entries.prefix(count)
    out.array(entries.count)
    for entry in entries {
      out.array(6)
      out.integer(Int64(entry.id))
      out.integer(entry.time.milliseconds / 1000)
      out.integer(Int64(entry.microseconds))
      out.array(2)
      out.bulk(entry.command)
      out.bulk("(\(entry.words) words)")
      out.bulk(entry.peer)
      out.bulk(entry.name)
    }
  }
}

extension ServerConfiguration {
  /// Settings by name, as CONFIG GET shows them: ours by their flags, and those that Redis's clients ask for.
  var shown: [(name: String, value: String)] {
    let ports = port.map(String.init) ?? "0"
    let durable = fsync == .always ? "always" : fsync == .interval ? "everysec" : "no"
    return [
      ("appendfsync", durable), ("appendonly", "yes"), ("bind", bind.joined(separator: " ")),
      ("block-cache-bytes", "\(blockCacheBytes)"), ("cache-bytes", "\(cacheBytes)"),
      ("databases", "1"), ("fsync", fsync.rawValue),
      ("fsync-interval-milliseconds", "\(fsyncIntervalMilliseconds)"),
      ("io-threads", "\(loops)"), ("log-level", log.level.rawValue), ("loops", "\(loops)"),
      ("max-arguments", "\(maxArguments)"), ("max-bulk-bytes", "\(maxBulkBytes)"),
      ("max-request-bytes", "\(maxRequestBytes)"), ("maxclients", "\(maxClients)"),
      ("maxmemory", "0"), ("output-limit-bytes", "\(outputLimitBytes)"), ("port", ports),
      ("proto-max-bulk-len", "\(maxBulkBytes)"),
      ("row-cache-bytes", "\(rowCacheBytes)"), ("save", ""),
      ("served-log-folder", servedLog.folder ?? ""), ("served-log-sample", "\(servedLog.sample)"),
      ("slowlog-log-slower-than", "\(slowlogMicroseconds)"),
      ("slowlog-max-len", "\(slowlogLength)"), ("timeout", "\(idleTimeoutSeconds)"),
      ("tls-port", tls.port.map(String.init) ?? "0"), ("unixsocket", unixSocket ?? ""),
    ]
  }
}
