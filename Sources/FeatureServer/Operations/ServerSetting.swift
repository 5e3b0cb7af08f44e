// The table of settings: their places in the file, their flags, what they take and what they are for. Reading,
// help, unknown names and the test against the schema all come from it.
import FeatureModel

/// One setting of a server.
public struct ServerSetting: Sendable {
  /// Its place in the file: `port`, `tls.port`.
  public let path: String
  /// Its flag without the hyphens: `tls-port`.
  public let flag: String
  /// What stands for its value in a help text: `PORT`.
  public let value: String
  /// A few words, with the default.
  public let help: String
  let form: Form
  let read: @Sendable (DeclarationNode, inout ServerConfiguration) -> Void

  /// How a flag's text becomes a value.
  enum Form {
    /// Digits are a number, `none` is null.
    case number
    case text
    /// With commas between the elements.
    case list
  }

  init(
    _ path: String, _ form: Form, _ value: String, _ help: String,
    _ read: @escaping @Sendable (DeclarationNode, inout ServerConfiguration) -> Void
  ) {
    self.path = path
    flag = Self.flag(path)
    self.value = value
    self.help = help
    self.form = form
    self.read = read
  }

  /// `tls.clientCA` is `tls-client-ca`.
  private static func flag(_ path: String) -> String {
    var flag = ""
    var wasLower = false
    for character in path {
      if character.isUppercase, wasLower { flag += "-" }
      flag += character == "." ? "-" : character.lowercased()
      wasLower = character.isLowercase
    }
    return flag
  }

  /// A flag's text as the value that a file would have.
  func flagValue(_ text: String) -> JSONValue {
    switch form {
    case .text: .string(text)
    case .list:
      .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .string("\($0)") })
    case .number: text == "none" ? .null : Int64(text).map { .int($0) } ?? .string(text)
    }
  }
}

// The kinds of settings that there are several of.
extension ServerSetting {
  typealias Key<Value> = any WritableKeyPath<ServerConfiguration, Value> & Sendable

  private static func whole(
    _ path: String, _ range: ClosedRange<Int>, _ key: Key<Int>, _ value: String, _ help: String
  ) -> Self {
    Self(path, .number, value, help) { node, configuration in
      if let number = node.whole(range) { configuration[keyPath: key] = number }
    }
  }

  private static func port(_ path: String, _ key: Key<UInt16?>, _ help: String) -> Self {
    Self(path, .number, "PORT", help) { node, configuration in
      if node.isNull {
        configuration[keyPath: key] = nil
      } else if let port = node.whole(0...65_535, orNull: true) {
        configuration[keyPath: key] = UInt16(port)
      }
    }
  }

  private static func bytes(
    _ path: String, _ range: ClosedRange<Int>, _ key: Key<Int>, _ help: String
  ) -> Self {
    Self(path, .number, "SIZE", help) { node, configuration in
      if let bytes = node.byteSize(range) { configuration[keyPath: key] = bytes }
    }
  }

  private static func file(
    _ path: String, _ key: Key<String?>, _ value: String, _ meaning: String, _ help: String
  ) -> Self {
    Self(path, .text, value, help) { node, configuration in
      if let path = node.filePath(meaning) { configuration[keyPath: key] = path }
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ path: String, _ key: Key<Choice>, _ help: String
  ) -> Self where Choice.RawValue == String, Choice: SendableMetatype {
    let names = Choice.allCases.map(\.rawValue).joined(separator: "|")
    return Self(path, .text, names, help) { node, configuration in
      if let choice = node.choice(Choice.self) { configuration[keyPath: key] = choice }
    }
  }
}

extension ServerSetting {
  /// All settings in the order of the help text; users stand in the file alone, apart from `--password-file`.
  public static let all: [ServerSetting] = listening + memory + writing + limits + tls + watching

  private static let listening: [ServerSetting] = [
    Self("bind", .list, "ADDRESS,...", "addresses to listen on; default: 127.0.0.1") {
      if let addresses = $0.strings("an address") { $1.bind = addresses.compactMap(address) }
    },
    .port("port", \.port, "the TCP port, 0 for any that is free, none for none; default: 7379"),
    .file("unixSocket", \.unixSocket, "PATH", "the socket's path", "a Unix socket to listen on"),
    Self("unixSocketMode", .text, "MODE", "who may open the Unix socket; default: 700") {
      if let mode = $0.permissions() { $1.unixSocketMode = mode }
    },
    .whole(
      "loops", 1...256, \.loops, "N",
      "threads that serve; default: one core less than there are, at most 4"),
  ]

  private static func address(_ text: String, _ node: DeclarationNode) -> String? {
    if ListenAddress(text) != nil { return text }
    node.report(ListenAddress.complaint(text))
    return nil
  }

  private static let memory: [ServerSetting] = [
    .bytes("cacheBytes", 0...1 << 42, \.cacheBytes, "memory for answers; default: 256MiB"),
    .bytes(
      "rowCacheBytes", 0...1 << 42, \.rowCacheBytes,
      "memory for what was read of single entities; default: 64MiB"),
    .bytes(
      "blockCacheBytes", 1 << 20...1 << 42, \.blockCacheBytes,
      "memory for the store's blocks; default: 192MiB"),
  ]

  private static let writing: [ServerSetting] = [
    .choice(
      "fsync", \.fsync, "when writes are safe from power cuts; default: always, at once"),
    .whole(
      "fsyncIntervalMilliseconds", 1...3_600_000, \.fsyncIntervalMilliseconds, "N",
      "how often, with --fsync interval; default: 1000"),
  ]

  private static let limits: [ServerSetting] = [
    .whole(
      "maxClients", 1...1_000_000, \.maxClients, "N", "connections at a time; default: 10000"),
    .bytes(
      "maxBulkBytes", 1 << 10...1 << 29, \.maxBulkBytes, "the largest argument; default: 1MiB"),
    .bytes(
      "maxRequestBytes", 1 << 12...1 << 30, \.maxRequestBytes,
      "the largest command; default: 16MiB"),
    .whole(
      "maxArguments", 16...1 << 20, \.maxArguments, "N",
      "arguments of one command; default: 131072"),
    .bytes(
      "outputLimitBytes", 1 << 16...1 << 40, \.outputLimitBytes,
      "answers that a client may leave waiting; default: 64MiB"),
    .whole(
      "idleTimeoutSeconds", 0...1 << 31, \.idleTimeoutSeconds, "N",
      "silence after which a client is dropped; default: 0, never"),
    .whole(
      "shutdownTimeoutSeconds", 0...3600, \.shutdownTimeoutSeconds, "N",
      "wait for answers under way when stopping; default: 10"),
  ]

  private static let tls: [ServerSetting] = [
    .port("tls.port", \.tls.port, "the TLS port; default: no TLS"),
    .file(
      "tls.certificate", \.tls.certificate, "FILE", "a PEM file's path",
      "the server's certificate and those above it, PEM"),
    .file("tls.key", \.tls.key, "FILE", "a PEM file's path", "its private key, PEM"),
    .file(
      "tls.clientCA", \.tls.clientCA, "FILE", "a PEM file's path",
      "demand clients' certificates of these authorities, PEM"),
  ]

  private static let watching: [ServerSetting] = [
    .choice("log.format", \.log.format, "lines of the log; default: logfmt"),
    .choice("log.level", \.log.level, "the least that is logged; default: info"),
    .file("log.file", \.log.file, "FILE", "a file's path", "default: standard error"),
    .file(
      "servedLog.folder", \.servedLog.folder, "FOLDER", "a folder's path",
      "keep what was answered there; default: nowhere"),
    .whole(
      "servedLog.sample", 1...1 << 31, \.servedLog.sample, "N",
      "keep it of one entity in so many; default: 1"),
    .bytes(
      "servedLog.maxBytes", 1 << 20...1 << 46, \.servedLog.maxBytes,
      "the oldest goes beyond it; default: 1GiB"),
    .whole(
      "slowlogMicroseconds", 0...1 << 40, \.slowlogMicroseconds, "N",
      "commands that take so long are kept in the slow log; default: 10000"),
    .whole(
      "slowlogLength", 0...1 << 20, \.slowlogLength, "N", "how many of them; default: 128"),
  ]
}
