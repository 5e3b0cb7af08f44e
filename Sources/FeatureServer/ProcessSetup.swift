// What a process that is a server needs of the system: signals that ask it to stop, and descriptors enough.
import Glibc

public enum ProcessSetup {
  /// Keeps the signals of `watchSignals` from ending the process; to be called before any thread is made.
  public static func holdSignals() {
    var signals = watched
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  private static var watched: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
    return signals
  }

  /// SIGTERM and SIGINT ask the server to stop, SIGHUP opens its log anew. For the rest of the process's life.
  public static func watchSignals(_ server: Server, _ log: Log) throws(SystemError) {
    _ = try ServerThread("hindcast-signal") {
      var signals = watched
      while true {
        var number: Int32 = 0
        guard sigwait(&signals, &number) == 0 else { continue }
        if number == SIGHUP {
          do throws(LogError) {
            try log.reopen()
            log.info("log opened anew")
          } catch { log.error("cannot open the log anew", ["reason": .text("\(error)")]) }
          continue
        }
        log.info("told to stop", ["signal": .text(number == SIGINT ? "SIGINT" : "SIGTERM")])
        server.requestStop()
      }
    }
  }

  /// Lets the process have as many descriptors as the system allows it.
  /// - Returns: how many these are.
  @discardableResult
  public static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0 else { return 1024 }
    limit.rlim_cur = limit.rlim_max
    setrlimit(kind, &limit)
    getrlimit(kind, &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
