// The table of commands: complete, at one with itself, and told to clients in the shapes that they read.
import FeatureServer
import RESP
import Testing

@Suite("The table of commands")
struct CommandTableTests {
  private static let table = CommandTable.standard

  @Test("Every command stands in the table once")
  func complete() {
    #expect(Self.table.all.count == CommandID.allCases.count)
    for id in CommandID.allCases {
      #expect(Self.table.all.count { $0.id == id } == 1, "\(id)")
      #expect(Self.table[id].id == id)
    }
    #expect(Set(Self.table.all.map(\.fullName)).count == CommandID.allCases.count)
  }

  @Test("Every command says what there is to say", arguments: CommandID.allCases)
  func texts(_ id: CommandID) {
    let spec = Self.table[id]
    #expect(spec.name == spec.name.uppercased() && spec.subcommand == spec.subcommand?.uppercased())
    #expect(
      !spec.summary.isEmpty && !spec.summary.hasSuffix(".") && spec.summary.first!.isUppercase)
    #expect(spec.summary.count <= 80, "\(spec.summary)")
    #expect(spec.complexity.hasPrefix("O(") || spec.complexity.hasPrefix("that of"))
    #expect(!spec.reply.isEmpty && !spec.reply.hasSuffix("."))
    #expect(spec.details.isEmpty || spec.details.hasSuffix("."), "\(spec.details)")
    // Whoever has not said who he is may say so, or go.
    #expect((spec.role == nil) == ["HELLO", "AUTH", "QUIT", "RESET"].contains(spec.fullName))
  }

  @Test("Examples are commands", arguments: CommandID.allCases)
  func example(_ id: CommandID) {
    let spec = Self.table[id]
    #expect(spec.example == spec.fullName || spec.example.hasPrefix(spec.fullName + " "))
    let line = Array((spec.example + "\n").utf8)
    var parser = RequestParser()
    let outcome = line.withUnsafeBytes { parser.parse($0, RequestLimits()) }
    let words = parser.count
    #expect(outcome == .command(length: line.count))
    #expect(spec.admits(words: words), "\(spec.example): \(words) words")
  }

  @Test("Arities say what the syntax says", arguments: CommandID.allCases)
  func arity(_ id: CommandID) {
    let spec = Self.table[id]
    var syntax = Syntax(spec.syntax)
    let (fewest, isVariable) = syntax.sequence()
    #expect(syntax.isAtEnd, "\(spec.syntax)")
    #expect(spec.arity == (isVariable ? -fewest : fewest), "\(spec.syntax)")
    for words in 1..<12 {
      let isAdmitted = isVariable ? words >= fewest : words == fewest
      #expect(spec.admits(words: words) == isAdmitted, "\(spec.syntax) of \(words) words")
    }
  }

  @Test("Syntax and arity of what Redis has, too")
  func known() {
    let expected: [(CommandID, Int, String)] = [
      (.hmget, -3, "HMGET view:entity feature [feature ...]"),
      (.hget, 3, "HGET view:entity feature"), (.hgetall, 2, "HGETALL view:entity"),
      (.xadd, -5, "XADD stream[:producer] [NOMKSTREAM] id field value [field value ...]"),
      (.hello, -1, "HELLO [version [AUTH user password] [SETNAME name]]"),
      (.auth, -2, "AUTH [user] password"), (.ping, -1, "PING [message]"),
      (.clientNoEvict, 3, "CLIENT NO-EVICT <ON | OFF>"),
      (.shutdown, -1, "SHUTDOWN [NOSAVE | SAVE]"),
      (
        .fsGet, -3,
        "FS.GET view entity [ASOF time] [KNOWN time | CORRECTED | FRESH] "
          + "[FEATURES count feature [feature ...]]"
      ),
    ]
    for (id, arity, syntax) in expected {
      #expect(Self.table[id].arity == arity)
      #expect(Self.table[id].syntax == syntax)
    }
  }

  @Test("Clients are told in whole replies", arguments: ProtocolVersion.allCases)
  func replies(_ version: ProtocolVersion) throws {
    for name in Self.table.names {
      let specs = Self.table.all.filter { $0.name == name }
      var writer = ReplyWriter(version)
      writer.commandInfo(specs, name: name)
      let info = try Self.decode(writer)
      #expect(info?.items?.count == 10 && info?.items?.first?.text == name.lowercased())
      let subcommands = specs.count { $0.subcommand != nil }
      #expect(info?.items?.last?.items?.count == subcommands)

      writer = ReplyWriter(version)
      writer.map(1)
      writer.commandDocs(specs, name: name)
      let docs = try Self.decode(writer)
      let own = docs?.pairs?.first
      #expect(own?.key.text == name.lowercased())
      let members = Dictionary(
        uniqueKeysWithValues: (own?.value.pairs ?? []).map { ($0.key.text ?? "", $0.value) })
      #expect(members["summary"]?.text?.isEmpty == false)
      #expect((members["subcommands"]?.pairs?.count ?? 0) == subcommands)
      let arguments = specs.first { $0.subcommand == nil }?.arguments ?? []
      #expect((members["arguments"]?.items?.count ?? 0) == arguments.count)
    }
  }

  /// The reply, which has to be all of the bytes.
  private static func decode(_ writer: ReplyWriter) throws -> RESPValue? {
    try writer.bytes.withUnsafeBytes { bytes in
      let reply = try ReplyDecoder.decode(bytes)
      return reply?.length == bytes.count ? reply?.value : nil
    }
  }
}

/// Reads the syntax of a command as people do: what stands in brackets may be left out.
private struct Syntax {
  private var rest: ArraySlice<String>

  init(_ text: String) {
    var tokens: [String] = []
    for word in text.split(separator: " ") {
      var word = word
      while let mark = word.first, mark == "[" || mark == "<" {
        tokens.append(String(word.removeFirst()))
      }
      var closing: [String] = []
      // A bracket that a word has opened itself is its own: `stream[:producer]`.
      while let mark = word.last, mark == "]" || mark == ">",
        word.count(where: { $0 == "]" }) > word.count(where: { $0 == "[" }) || mark == ">"
      {
        closing.append(String(word.removeLast()))
      }
      if !word.isEmpty { tokens.append(String(word)) }
      tokens += closing
    }
    rest = tokens[...]
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func sequence() -> (fewest: Int, isVariable: Bool) {
    var (fewest, isVariable) = (0, false)
    while let token = rest.first, !["]", ">", "|"].contains(token) {
      rest.removeFirst()
      switch token {
      case "[":
        _ = choices()
        isVariable = true
      case "<":
        let (few, varies) = choices()
        fewest += few
        isVariable = isVariable || varies
      case "...": break
      default: fewest += 1
      }
    }
    return (fewest, isVariable)
  }

  /// Up to the closing bracket.
  private mutating func choices() -> (fewest: Int, isVariable: Bool) {
    var found = [sequence()]
    while rest.first == "|" {
      rest.removeFirst()
      found.append(sequence())
    }
    rest.removeFirst()
    let counts = found.map(\.fewest)
    return (counts.min()!, Set(counts).count > 1 || found.contains(where: \.isVariable))
  }
}
