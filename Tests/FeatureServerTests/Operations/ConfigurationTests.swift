// What a server is told: the file, the flags over it, and the files that it names.
import FeatureModel
import FeatureServer
import Foundation
import TestSupport
import Testing

@Suite struct ConfigurationTests {
  static func read(
    _ text: String, _ flags: [(name: String, value: String)] = []
  ) throws -> ServerConfiguration {
    try ServerConfiguration.read(text: Array(text.utf8), flags: flags)
  }

  @Test func `Without a word it listens on loopback alone`() throws {
    for text in ["", "{}"] {
      let configuration = try Self.read(text)
      #expect(configuration.bind == ["127.0.0.1"])
      #expect(configuration.port == 7379)
      #expect(configuration.tls.port == nil && configuration.unixSocket == nil)
      #expect(configuration.users.roleOfStrangers == .admin)
      #expect((1...4).contains(configuration.loops))
      #expect(configuration.fsync == .always)
      #expect(configuration.requestLimits.bulkBytes == 1 << 20)
    }
  }

  @Test func `Everything in a file gets to its member`() throws {
    let configuration = try Self.read(
      """
      {
        // All of them, each other than its default.
        "bind": ["127.0.0.2", "::1"], "port": 0, "unixSocket": "/tmp/s", "unixSocketMode": "0660",
        "loops": 3, "cacheBytes": "1GB", "rowCacheBytes": 5, "blockCacheBytes": 1048577,
        "fsync": "interval",
        "fsyncIntervalMilliseconds": 5, "maxClients": 7, "maxBulkBytes": "2 KiB",
        "maxRequestBytes": "8kib", "maxArguments": 17, "outputLimitBytes": "70000b",
        "idleTimeoutSeconds": 9, "tls": { "port": null },
        "log": { "format": "json", "level": "debug", "file": "/tmp/l" },
        "servedLog": { "folder": "/tmp/f", "sample": 10, "maxBytes": "2GiB" },
        "slowlogMicroseconds": 11, "slowlogLength": 12, "shutdownTimeoutSeconds": 13,
      }
      """)
    #expect(configuration.bind == ["127.0.0.2", "::1"] && configuration.port == 0)
    #expect(configuration.unixSocket == "/tmp/s" && configuration.unixSocketMode == 0o660)
    #expect(configuration.loops == 3)
    #expect(configuration.cacheBytes == 1_000_000_000 && configuration.rowCacheBytes == 5)
    #expect(configuration.blockCacheBytes == 1_048_577)
    #expect(configuration.fsync == .interval && configuration.fsyncIntervalMilliseconds == 5)
    #expect(configuration.maxClients == 7)
    let limits = configuration.requestLimits
    #expect(limits.bulkBytes == 2048 && limits.requestBytes == 8192 && limits.arguments == 17)
    #expect(configuration.outputLimitBytes == 70_000 && configuration.idleTimeoutSeconds == 9)
    #expect(configuration.log.format == .json && configuration.log.level == .debug)
    #expect(configuration.log.file == "/tmp/l")
    #expect(configuration.servedLog.folder == "/tmp/f" && configuration.servedLog.sample == 10)
    #expect(configuration.servedLog.maxBytes == 2 << 30)
    #expect(configuration.slowlogMicroseconds == 11 && configuration.slowlogLength == 12)
    #expect(configuration.shutdownTimeoutSeconds == 13)
  }

  @Test func `Flags win over the file, and are read as it is`() throws {
    let configuration = try Self.read(
      #"{ "port": 1, "bind": "127.0.0.9", "log": { "level": "error", "format": "json" } }"#,
      [
        ("port", "none"), ("bind", "127.0.0.1,::1"), ("unix-socket", "7"),
        ("unix-socket-mode", "600"), ("log-level", "debug"), ("cache-bytes", "3MiB"),
        ("block-cache-bytes", "4194304"), ("served-log-max-bytes", "5GB"), ("loops", "2"),
      ])
    #expect(configuration.port == nil)
    #expect(configuration.bind == ["127.0.0.1", "::1"])
    #expect(configuration.unixSocket == "7" && configuration.unixSocketMode == 0o600)
    #expect(configuration.log.level == .debug && configuration.log.format == .json)
    #expect(configuration.cacheBytes == 3 << 20 && configuration.blockCacheBytes == 4 << 20)
    #expect(configuration.servedLog.maxBytes == 5_000_000_000 && configuration.loops == 2)
  }

  @Test func `Each setting has a flag of its own`() {
    let flags = ServerSetting.all.map(\.flag)
    #expect(Set(flags).count == flags.count)
    #expect(flags.contains("tls-client-ca") && flags.contains("fsync-interval-milliseconds"))
    #expect(flags.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "-" } })
  }

  @Test func `A password is given as text, as a digest or as a file`() throws {
    try withTemporaryDirectory { folder in
      let file = folder + "/password"
      try Data("out of a file\r\nnot this\n".utf8).write(to: URL(fileURLWithPath: file))
      let configuration = try Self.read(
        """
        { "bind": "0.0.0.0", "users": {
          "a": { "password": "as it stands", "role": "read" },
          "b": { "passwordHash": "sha256:\(SHA256(of: "by digest").hex)", "role": "write" },
          "c": { "passwordFile": "\(file)", "role": "admin" } } }
        """)
      let users = configuration.users
      #expect(users.authenticate(name: "a", password: "as it stands") == .read)
      #expect(users.authenticate(name: "b", password: "by digest") == .write)
      #expect(users.authenticate(name: "c", password: "out of a file") == .admin)
      #expect(users.authenticate(name: "c", password: "out of a file\r") == nil)
      #expect(users.roleOfStrangers == nil)
    }
  }

  @Test func `The flag with a password's file makes the default user, or changes it`() throws {
    try withTemporaryDirectory { folder in
      let file = folder + "/password"
      try Data("new".utf8).write(to: URL(fileURLWithPath: file))
      let flags = [(name: "password-file", value: file), (name: "bind", value: "0.0.0.0")]
      let alone = try ServerConfiguration.read(file: nil, flags: flags)
      #expect(alone.users.authenticate(password: "new") == .admin)
      let text = #"{ "users": { "default": { "password": "old", "role": "read" } } }"#
      let over = try Self.read(text, flags)
      #expect(over.users.authenticate(password: "new") == .admin)
      #expect(over.users.authenticate(password: "old") == nil)
      #expect(over.users.all.count == 1)
    }
  }

  @Test func `A file is read from its path, and one that cannot be read is a mistake`() throws {
    try withTemporaryDirectory { folder in
      let file = folder + "/server.json"
      try Data(#"{ "port": 7, }"#.utf8).write(to: URL(fileURLWithPath: file))
      #expect(try ServerConfiguration.read(file: file).port == 7)
      let error = try #require(throws: DeclarationError.self) {
        try ServerConfiguration.read(file: folder + "/other.json")
      }
      let reason = "cannot read '\(folder)/other.json': No such file or directory"
      #expect("\(error)" == "--config: \(reason)")
    }
  }

  @Test(
    "Sizes are whole numbers with or without a unit",
    arguments: [
      ("0", 0), ("1048576", 1 << 20), ("256MiB", 256 << 20), ("1GB", 1_000_000_000),
      ("3 kb", 3000), ("2TiB", 2 << 40), ("7B", 7), ("", nil), ("MiB", nil), ("1.5GiB", nil),
      ("-1", nil), ("1 M", nil), ("1  MiB", nil), ("9999999999TiB", nil), ("١MiB", nil),
    ] as [(String, Int?)])
  func sizes(text: String, bytes: Int?) {
    #expect(ByteSize.parse(text) == bytes)
  }

  @Test(
    "Loopback is what this machine alone can reach",
    arguments: [
      ("127.0.0.1", true), ("127.255.3.4", true), ("::1", true), ("0:0:0:0:0:0:0:1", true),
      ("0.0.0.0", false), ("128.0.0.1", false), ("::", false), ("10.0.0.1", false),
      ("::ffff:127.0.0.1", false), ("::2", false), ("localhost", nil), ("", nil), ("*", nil),
      ("127.1", nil), ("127.0.0.1 ", nil), ("[::1]", nil), ("127.0.0.1:80", nil),
    ] as [(String, Bool?)])
  func loopback(text: String, expected: Bool?) {
    #expect(ListenAddress(text)?.isLoopback == expected)
  }
}
