// A stream's declaration: its fields and which of them are the two times and the id.

enum StreamReader {
  private static let names = [
    "$schema", "stream", "fields", "eventTime", "arrivalTime", "id", "keep",
  ]

  /// What other systems call our types.
  private static let otherNames: [String: FieldType] = [
    "integer": .int, "long": .int, "bigint": .int, "int64": .int, "number": .double,
    "float": .double,
    "float64": .double, "real": .double, "text": .string, "str": .string, "varchar": .string,
    "boolean": .bool, "datetime": .timestamp, "date": .timestamp, "time": .timestamp,
  ]

  /// Nil after a mistake, which has been noted.
  static func read(_ node: DeclarationNode) -> StreamDeclaration? {
    node.checkNames(names)
    let name = node.required("stream", #""stream": "commits""#)?.declaredName("the stream's name")
    let fields = node.required("fields", #""fields": { "author": "string" }"#).flatMap {
      readFields($0)
    }
    let place = node.required(
      "eventTime", #""eventTime": "event_time", the field with the event's time"#)
    guard let fields else { return nil }
    let eventTime = place.flatMap { time($0, fields, "event time") }
    let arrivalNode = node.member("arrivalTime")
    let arrivalTime = arrivalNode.flatMap { time($0, fields, "arrival time") }
    if let arrivalNode, let arrivalTime, arrivalTime == eventTime {
      arrivalNode.report(
        "this is the event time; leave 'arrivalTime' out: events then arrive on time")
    }
    let idNode = node.member("id")
    let id = idNode.flatMap { field($0, fields, [.string, .int], "event's id") }
    let keep = node.member("keep").flatMap(readKeeping)
    guard let name, let eventTime else { return nil }
    return StreamDeclaration(
      name: name, fields: fields, eventTime: eventTime, arrivalTime: arrivalTime, id: id,
      keep: keep)
  }

  /// `true`, or for how long; `false` is the same as nothing.
  private static func readKeeping(_ node: DeclarationNode) -> StreamDeclaration.Keeping? {
    switch node.value.content {
    case .bool(let isKept): return isKept ? .forever : nil
    case .string(let text): return node.duration(text).map { .milliseconds($0) }
    default:
      node.report(
        #"how long events are kept: true, or a length of time such as "365d", not "#
          + node.value.kindName)
      return nil
    }
  }

  /// Names and types of fields, at least one; nil after a mistake.
  static func readFields(
    _ node: DeclarationNode, _ example: String = #"{ "author": "string", "lines": "int" }"#
  ) -> [StreamDeclaration.Field]? {
    guard case .object(let members) = node.value.content, !members.isEmpty else {
      node.report("the fields expected, an object such as \(example)")
      return nil
    }
    return members.map { member in
      let child = node.nameNode(member)
      if let complaint = DeclaredNames.fieldComplaint(member.name) { child.report(complaint) }
      return .init(name: member.name, type: type(node.member(member.name) ?? child) ?? .string)
    }
  }

  private static func type(_ node: DeclarationNode) -> FieldType? {
    guard let name = node.string("a type") else { return nil }
    if let type = FieldType(rawValue: name) { return type }
    let valid = FieldType.allCases.map(\.rawValue)
    if let meant = otherNames[name.lowercased()] {
      node.report("there is no type '\(name)'; did you mean '\(meant.rawValue)'?")
    } else {
      node.report("there is no type '\(name)'\(Suggestion.phrase(for: name, among: valid))")
    }
    return nil
  }

  private static func time(
    _ node: DeclarationNode, _ fields: [StreamDeclaration.Field], _ meaning: String
  ) -> Int? {
    field(node, fields, [.timestamp], meaning)
  }

  private static func field(
    _ node: DeclarationNode, _ fields: [StreamDeclaration.Field], _ types: [FieldType],
    _ meaning: String
  ) -> Int? {
    guard let name = node.string("the field with the \(meaning)") else { return nil }
    let fitting = fields.filter { types.contains($0.type) }.map(\.name)
    guard let index = fields.firstIndex(where: { $0.name == name }) else {
      node.report(
        "there is no field '\(name)'\(Suggestion.phrase(for: name, among: fields.map(\.name)))")
      return nil
    }
    guard types.contains(fields[index].type) else {
      let wanted = types.map(\.rawValue).joined(separator: " or ")
      let others = fitting.isEmpty ? "declare it so" : "these are: \(Suggestion.list(fitting))"
      node.report(
        "'\(name)' is \(fields[index].type.rawValue), the \(meaning) is \(wanted); \(others)")
      return nil
    }
    return index
  }
}
