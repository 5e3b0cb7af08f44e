// Every mistake in a server's configuration, with its place, its path and words that tell the way out.
import FeatureModel
import FeatureServer
import Testing

@Suite struct ConfigurationMistakeTests {
  static func problems(
    _ text: String, _ flags: [(name: String, value: String)] = []
  ) -> [String] {
    do {
      _ = try ServerConfiguration.read(text: Array(text.utf8), flags: flags)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  static let user = #"{ "password": "x", "role": "read" }"#

  @Test(
    "A mistake in the file",
    arguments: [
      (#"{ "prot": 1 }"#, "1:3 $.prot: 'prot' is not known here; did you mean 'port'?"),
      (
        #"{ "port": 65536 }"#,
        "1:11 $.port: a whole number from 0 to 65535 or null expected, not 65536"
      ),
      (
        #"{ "port": "7379" }"#,
        #"1:11 $.port: a whole number from 0 to 65535 or null expected, not "7379""#
      ),
      (
        #"{ "bind": 3 }"#,
        "an address expected, a string or an array of strings, not a whole number"
      ),
      (
        #"{ "bind": ["127.0.0.1", "localhost"] }"#,
        "1:25 $.bind[1]: 'localhost' is no address; did you mean '127.0.0.1'?"
      ),
      (
        #"{ "bind": ["myhost"] }"#,
        "1:12 $.bind[0]: 'myhost' is no address; write numbers, as in 127.0.0.1 or ::1"
      ),
      (#"{ "bind": "*" }"#, "1:11 $.bind: '*' is no address; did you mean '0.0.0.0' and '::'?"),
      (#"{ "bind": [] }"#, "1:11 $.bind: a port needs an address"),
      (
        #"{ "port": null }"#,
        #"1:11 $.port: there is nothing to listen on; add "port": 7379 or "unixSocket""#
      ),
      (#"{ "unixSocket": "" }"#, #"1:17 $.unixSocket: the socket's path expected, not """#),
      (
        #"{ "unixSocketMode": "rwx" }"#,
        #"$.unixSocketMode: permissions are three octal digits, as in "770", not 'rwx'"#
      ),
      (#"{ "unixSocketMode": "1777" }"#, "permissions are three octal digits"),
      (#"{ "unixSocketMode": 700 }"#, "permissions in octal digits"),
      (#"{ "loops": 0 }"#, "1:12 $.loops: a whole number from 1 to 256 expected, not 0"),
      (#"{ "loops": 1.5 }"#, "$.loops: a whole number from 1 to 256 expected, not 1.5"),
      (#"{ "loops": null }"#, "$.loops: a whole number from 1 to 256 expected, not null"),
      (
        #"{ "cacheBytes": "256M" }"#,
        #"$.cacheBytes: a size expected, as in 268435456, '256MiB' or '1GB', not "256M""#
      ),
      (
        #"{ "blockCacheBytes": "1KiB" }"#,
        #"$.blockCacheBytes: a size from 1MiB to 4TiB expected, not "1KiB""#
      ),
      (
        #"{ "fsync": "allways" }"#,
        "$.fsync: one of always, interval, off expected, not 'allways'; did you mean 'always'?"
      ),
      (#"{ "fsync": false }"#, "one of always, interval, off expected, a string, not a boolean"),
      (
        #"{ "maxBulkBytes": "20MiB" }"#,
        "$.maxBulkBytes: an argument of 20MiB never fits a command of 'maxRequestBytes', 16MiB"
      ),
      (#"{ "log": { "levle": "info" } }"#, "$.log.levle: 'levle' is not known here; did you mean"),
      (#"{ "log": "json" }"#, "$.log: its settings expected, an object, not a string"),
      (#"{ "servedLog": { "sample": 0 } }"#, "$.servedLog.sample: a whole number from 1"),
      (#"[]"#, "1:1 $: a configuration expected, an object, not an array"),
      (#"{ "port": 1"#, "$: the text ends early"),
      (#"{ "port": 1, "port": 2 }"#, "the name 'port' occurs twice"),
    ])
  func inFile(text: String, expected: String) {
    let problems = Self.problems(text)
    #expect(problems.count == 1 && problems[0].contains(expected), "\(problems)")
  }

  @Test(
    "A mistake in a user",
    arguments: [
      (#""a": { "password": "x" }"#, #"$.users.a: 'role' is missing; add "role": "read", "write""#),
      (
        #""a": { "password": "x", "role": "amdin" }"#,
        "$.users.a.role: one of read, write, admin expected, not 'amdin'; did you mean 'admin'?"
      ),
      (#""a": { "role": "read" }"#, "$.users.a: no password; add"),
      (#""a": { "password": "", "role": "read" }"#, "a password has at least one character"),
      (
        #""a": { "password": "x", "passwordFile": "y", "role": "read" }"#,
        "a user has one password, not 'password' and 'passwordFile'; keep one of them"
      ),
      (
        #""a": { "pasword": "x", "password": "x", "role": "read" }"#,
        "$.users.a.pasword: 'pasword' is not known here; did you mean 'password'?"
      ),
      (
        #""a": { "passwordFile": "/nowhere/at/all", "role": "read" }"#,
        "$.users.a.passwordFile: cannot read '/nowhere/at/all': No such file or directory"
      ),
      (
        #""a": { "passwordFile": "/dev/null", "role": "read" }"#,
        "the first line of '/dev/null' is the password, and it is empty"
      ),
      (
        #""a b": { "password": "x", "role": "read" }"#,
        #"$.users."a b": a user's name has 1 to 128 bytes, none of them blank"#
      ),
      (#""a": "x""#, "$.users.a: a user expected, an object, not a string"),
    ])
  func inUser(user: String, expected: String) {
    // The open address says nothing more while a user has a mistake.
    let problems = Self.problems(#"{ "bind": "0.0.0.0", "users": { \#(user) } }"#)
    #expect(problems.count == 1 && problems[0].contains(expected), "\(problems)")
  }

  @Test func `A password that stands at the wrong place does not get into the message`() {
    let text = #"{ "users": { "a": { "passwordHash": "my secret", "role": "read" } } }"#
    let problems = Self.problems(text)
    #expect(problems.count == 1 && problems[0].contains("64 hexadecimal digits"))
    #expect(!problems.joined().contains("secret"))
  }

  @Test(
    "Listening to other machines without a password is refused, with the way out",
    arguments: ["0.0.0.0", "::", "192.168.1.7", "127.0.0.1,0.0.0.0"])
  func strangers(address: String) {
    let flag = Self.problems("", [("bind", address)])
    #expect(flag.count == 1 && flag[0].hasPrefix("--bind: "), "\(flag)")
    #expect(flag[0].contains("--password-file FILE") && flag[0].contains("127.0.0.1 alone"))
    let list = address.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",")
    let file = Self.problems("{ \"bind\": [\(list)] }")
    #expect(file.count == 1 && file[0].hasPrefix("1:11 $.bind: "), "\(file)")
    #expect(Self.problems("{ \"bind\": [\(list)], \"users\": { \"a\": \(Self.user) } }") == [])
    // Nobody listens there then.
    let unix = [(name: "port", value: "none"), (name: "unix-socket", value: "/tmp/s")]
    #expect(Self.problems("{ \"bind\": [\(list)] }", unix) == [])
  }

  @Test(
    "A mistake in a flag",
    arguments: [
      ("prot", "1", "--prot: there is no such option; did you mean '--port'?"),
      ("port", "many", #"--port: a whole number from 0 to 65535 or none expected, not "many""#),
      ("loops", "none", "--loops: a whole number from 1 to 256 expected, not none"),
      ("bind", "127.0.0.1,,::1", "--bind[1]: '' is no address; did you mean '127.0.0.1'?"),
      ("log-level", "warn", "--log-level: one of debug, info, warning, error expected, not 'warn'"),
      ("password-file", "/nowhere", "--password-file: cannot read '/nowhere'"),
    ])
  func inFlag(name: String, value: String, expected: String) {
    let problems = Self.problems("", [(name, value)])
    #expect(problems.count == 1 && problems[0].contains(expected), "\(problems)")
  }

  @Test func `All mistakes are reported at once, those of flags first`() {
    let text = """
      {
        "port": -1,
        "users": { "a": { "role": "read" } },
        "tls": { "prot": 3 },
        "bind": ["x"],
      }
      """
    let problems = Self.problems(text, [("loops", "0"), ("fsync", "no")])
    #expect(
      problems.map { String($0.prefix { $0 != " " }) }
        == ["--loops:", "--fsync:", "2:11", "3:19", "4:12", "5:12"], "\(problems)")
  }

  @Test func `A flag of a file that is no JSON is looked at all the same`() {
    let problems = Self.problems("{", [("loops", "0")])
    #expect(problems.count == 2, "\(problems)")
  }

  #if TLS
    @Test(
      "A mistake in TLS",
      arguments: [
        (#"{ "certificate": "c" }"#, #"$.tls: 'port' is missing; add "port": 7380"#),
        (
          #"{ "port": 7379, "certificate": "/no", "key": "/no" }"#,
          "$.tls.port: 7379 is the port without TLS already; choose another"
        ),
        (#"{ "port": 7380, "key": "k" }"#, "$.tls: 'certificate' is missing"),
        (#"{ "port": 7380, "certificate": "c" }"#, "$.tls: 'key' is missing"),
        (
          #"{ "port": 7380, "certificate": "/nowhere/c", "key": "k" }"#,
          "$.tls.certificate: cannot use '/nowhere/c' as the certificate: No such file or directory"
        ),
        (
          #"{ "port": 7380, "certificate": "/dev/null", "key": "k" }"#,
          "$.tls.certificate: cannot use '/dev/null' as the certificate: "
        ),
      ])
    func inTLS(tls: String, expected: String) {
      let problems = Self.problems(#"{ "tls": \#(tls) }"#)
      #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    @Test func `A key of another certificate is a mistake of the key`() throws {
      try Certificates.with { certificates in
        let tls =
          #"{ "port": 0, "certificate": "\#(certificates.path("server.pem"))", "#
          + #""key": "\#(certificates.path("client.key"))" }"#
        let problems = Self.problems(#"{ "tls": \#(tls) }"#)
        #expect(problems.count == 1 && problems[0].contains("$.tls.key: cannot use"))
        #expect(problems[0].contains("key values mismatch"), "\(problems)")
      }
    }
  #else
    @Test func `TLS is refused by a build without it`() {
      let problems = Self.problems(#"{ "tls": { "port": 7380 } }"#)
      #expect(problems.count == 1 && problems[0].contains("this build has no TLS"))
    }
  #endif
}
