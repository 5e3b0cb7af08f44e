// COMMAND and its subcommands: the table in the shape in which Redis's clients expect it.
import RESP

extension ReplyWriter {
  /// As COMMAND INFO has it: name, arity, flags, keys, categories, tips, key specifications, subcommands.
  package mutating func commandInfo(_ specs: [CommandSpec], name: String) {
    let own = specs.first { $0.subcommand == nil }
    let subcommands = specs.filter { $0.subcommand != nil }
    array(10)
    bulk(name.lowercased())
    integer(Int64(own?.arity ?? -2))
    let flags = own?.flags ?? Array(Set(subcommands.flatMap(\.flags))).sorted()
    array(flags.count)
    for flag in flags { status(flag) }
    let key: Int64 = own.map(\.hasKey) ?? false ? 1 : 0
    for _ in 0..<3 { integer(key) }
    let role = (own ?? subcommands[0]).role
    array(1)
    status("@" + (role?.rawValue ?? "connection"))
    array(0)
    array(0)
    array(subcommands.count)
    for spec in subcommands { subcommandInfo(spec) }
  }

  private mutating func subcommandInfo(_ spec: CommandSpec) {
    array(10)
    bulk(spec.wireName)
    integer(Int64(spec.arity))
    array(spec.flags.count)
    for flag in spec.flags { status(flag) }
    let key: Int64 = spec.hasKey ? 2 : 0
    integer(key)
    integer(key)
    integer(spec.hasKey ? 1 : 0)
    array(1)
    status("@" + (spec.role?.rawValue ?? "connection"))
    array(0)
    array(0)
    array(0)
  }

  /// As COMMAND DOCS has it.
  package mutating func commandDocs(_ specs: [CommandSpec], name: String) {
    let own = specs.first { $0.subcommand == nil }
    let subcommands = specs.filter { $0.subcommand != nil }
    bulk(name.lowercased())
    if let own {
      docs(own, subcommands)
    } else {
      map(4)
      pair("summary", "A container of commands")
      pair("since", CommandSpec.since)
      pair("group", subcommands[0].group.rawValue)
      subcommandDocs(subcommands)
    }
  }

  private mutating func docs(_ spec: CommandSpec, _ subcommands: [CommandSpec]) {
    map(4 + (spec.arguments.isEmpty ? 0 : 1) + (subcommands.isEmpty ? 0 : 1))
    pair("summary", spec.summary)
    pair("since", CommandSpec.since)
    pair("group", spec.group.rawValue)
    pair("complexity", spec.complexity)
    if !spec.arguments.isEmpty {
      bulk("arguments")
      arguments(spec.arguments)
    }
    if !subcommands.isEmpty { subcommandDocs(subcommands) }
  }

  private mutating func subcommandDocs(_ specs: [CommandSpec]) {
    bulk("subcommands")
    map(specs.count)
    for spec in specs {
      bulk(spec.wireName)
      docs(spec, [])
    }
  }

  private mutating func pair(_ name: String, _ value: String) {
    bulk(name)
    bulk(value)
  }

  private mutating func arguments(_ list: [CommandArgument]) {
    array(list.count)
    for argument in list { self.argument(argument) }
  }

  private mutating func argument(_ argument: CommandArgument) {
    var flags: [String] = []
    if argument.isOptional { flags.append("optional") }
    if argument.isMultiple { flags.append("multiple") }
    let inner = argument.parts
    map(2 + (argument.token == nil ? 0 : 1) + (flags.isEmpty ? 0 : 1) + (inner == nil ? 0 : 1))
    pair("name", argument.name)
    pair("type", argument.typeName)
    if let token = argument.token { pair("token", token) }
    if !flags.isEmpty {
      bulk("flags")
      array(flags.count)
      for flag in flags { status(flag) }
    }
    if let inner {
      bulk("arguments")
      arguments(inner)
    }
  }
}

extension CommandSpec {
  /// `hmget`, `client|id`.
  var wireName: String { fullName.lowercased().replacing(" ", with: "|") }

  var hasKey: Bool {
    guard let first = arguments.first else { return false }
    if case .key = first.kind { return true }
    return false
  }
}

extension CommandArgument {
  /// The types that Redis has.
  package var typeName: String {
    switch kind {
    case .string, .time: "string"
    case .integer: "integer"
    case .key: "key"
    case .flag: "pure-token"
    case .oneOf: "oneof"
    case .block: "block"
    }
  }

  package var parts: [CommandArgument]? {
    switch kind {
    case .oneOf(let parts), .block(let parts): parts
    default: nil
    }
  }
}
