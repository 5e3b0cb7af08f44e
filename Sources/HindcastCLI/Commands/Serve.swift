// `hindcast serve`: a store over a socket.
import FeatureServer
import Glibc
import Hindcast

enum Serve: Command {
  static let name = "serve"
  static let summary = "Answer look-ups and take events in, over the Redis protocol"
  static let words = "STORE"
  static let options: [Option] =
    [
      Option("config", "FILE", "settings as JSON with comments; flags win over it"),
      Option(flag: "check-config", "read the settings, say whether they are well, and end"),
      Option("served-log", "FOLDER", "keep what is answered there, for verify-served"),
      Option("password-file", "FILE", "the password of the user 'default', who is an admin"),
    ] + ServerSetting.all.map { Option($0.flag, $0.value, $0.help) }
  static let details = """
    Every client of Redis is a client: HMGET view:entity feature..., FS.GET for other moments, XADD for
    events; docs/reference/protocol.md has them all. STORE is made where there is none. SIGTERM stops
    after what came is answered and stored, SIGHUP opens the log's file anew. GET /metrics, /healthz and
    /readyz are on the same port.
    """
  static let examples = [
    "hindcast serve ./store",
    "hindcast serve ./store --port 7379 --cache-bytes 1GiB --served-log ./served",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    var configuration = try configuration(arguments)
    if arguments.has("check-config") {
      print("the configuration is well")
      return .success
    }
    ProcessSetup.holdSignals()
    let log = try Log(
      format: configuration.log.format, level: configuration.log.level,
      file: configuration.log.file)
    try leaveDescriptors(&configuration, log)
    var options = StoreOptions()
    options.cacheBytes = configuration.blockCacheBytes
    let store = try FeatureStore.open(words[0], .create, options: options)
    // Compactions have time; who looks a feature up has not.
    Store.lowerBackgroundPriority()
    let server = try Server(store, configuration, log: log)
    try ProcessSetup.watchSignals(server, log)
    server.waitForStopRequest()
    server.stop()
    // Straight out: the threads that are left hold nothing of value, and the store's log is on the disk.
    try store.store.flush()
    exit(ExitCode.success.rawValue)
  }

  /// Descriptors that clients do not get: a store that cannot open its next file stops.
  private static let ownDescriptors = 512

  private static func leaveDescriptors(
    _ configuration: inout ServerConfiguration, _ log: Log
  ) throws(HindcastError) {
    let all = ProcessSetup.raiseDescriptorLimit()
    guard all >= ownDescriptors + 32 else {
      throw .refused(
        "this process may open \(all) files, and the server needs \(ownDescriptors + 32): raise the limit "
          + "(ulimit -n, LimitNOFILE in systemd)")
    }
    guard configuration.maxClients > all - ownDescriptors else { return }
    configuration.maxClients = all - ownDescriptors
    log.warning(
      "fewer clients than maxClients may come",
      ["descriptors": .int(all), "clients": .int(configuration.maxClients)])
  }

  private static func configuration(
    _ arguments: Arguments
  ) throws(DeclarationError) -> ServerConfiguration {
    var flags: [(name: String, value: String)] = []
    if let folder = arguments["served-log"] { flags.append(("served-log-folder", folder)) }
    if let file = arguments["password-file"] { flags.append(("password-file", file)) }
    for setting in ServerSetting.all {
      if let value = arguments[setting.flag] { flags.append((setting.flag, value)) }
    }
    return try ServerConfiguration.read(file: arguments["config"], flags: flags)
  }
}
