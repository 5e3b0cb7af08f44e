// A view's `join`: what its events take over from those events of another stream that they are about.

/// The events of another stream that a view's events name by their ids: each event of the view's stream is
/// taken once with every event that has the id, as soon as both are known.
public struct EventJoin: Hashable, Sendable {
  /// The other stream; its id is what is named.
  public let stream: String
  /// The field of the view's own stream that holds the other event's id.
  public let by: String
  /// Fields of the other stream, which the view's events then have, too.
  public let fields: [StreamDeclaration.Field]

  public init(stream: String, by: String, fields: [StreamDeclaration.Field]) {
    self.stream = stream
    self.by = by
    self.fields = fields
  }
}

extension ViewDeclaration {
  /// The stream with the joined fields behind its own: the events that the view takes in.
  public func joined(_ stream: StreamDeclaration) -> StreamDeclaration {
    guard let join else { return stream }
    return StreamDeclaration(
      name: stream.name, fields: stream.fields + join.fields, eventTime: stream.eventTime,
      arrivalTime: stream.arrivalTime, id: stream.id, keep: stream.keep)
  }
}

enum JoinReader {
  private static let names = ["stream", "by", "fields"]

  /// - Parameter stream: the view's own; what needs its fields is passed over without it.
  /// - Returns: nil after a mistake, which has been noted.
  static func read(_ node: DeclarationNode, _ stream: StreamDeclaration?) -> EventJoin? {
    guard case .object = node.value.content else {
      node.report(
        #"a join expected, an object such as { "stream": "commits", "by": "event_id", "#
          + #""fields": { "author": "string" } }"#)
      return nil
    }
    let before = node.collector.problems.count
    node.checkNames(names)
    let other = node.required("stream", #""stream": "commits", the stream of the other events"#)
    let name = other?.declaredName("the stream's name")
    if let name, name == stream?.name { other?.report("a stream cannot be joined with itself") }
    let by = node.required("by", #""by": "event_id", the field with the other event's id"#)
    let field = by.flatMap { readKey($0, stream) }
    let fields = node.required("fields", #""fields": { "author": "string" }"#)
      .flatMap { StreamReader.readFields($0) }
    if let fields, let stream, let place = node.member("fields") {
      for field in fields where stream.index(of: field.name) != nil {
        place.report(
          "'\(field.name)' is a field of stream '\(stream.name)' itself; leave it out of the join")
      }
    }
    guard node.collector.problems.count == before, let name, let field, let fields else {
      return nil
    }
    return EventJoin(stream: name, by: field, fields: fields)
  }

  private static func readKey(_ node: DeclarationNode, _ stream: StreamDeclaration?) -> String? {
    guard let name = node.string("the field with the other event's id") else { return nil }
    guard let stream else { return name }
    let fitting = stream.fields.filter { $0.type == .string || $0.type == .int }.map(\.name)
    guard let index = stream.index(of: name) else {
      node.report(
        "stream '\(stream.name)' has no field '\(name)'"
          + Suggestion.phrase(for: name, among: fitting))
      return nil
    }
    guard fitting.contains(name) else {
      node.report(
        "'\(name)' is \(stream.fields[index].type.rawValue), an id is string or int; these are: "
          + Suggestion.list(fitting))
      return nil
    }
    return name
  }
}
