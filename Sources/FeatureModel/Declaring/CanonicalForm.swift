// One text per meaning: members in fixed order, defaults filled in, lengths of time in their
// largest unit, filters as the printer writes them, one member per feature. `DeclarationReader`
// reads it back, so it is what a registry keeps; its digest names the declaration. The order of
// features and of a stream's fields is part of the meaning; the spelling of windows (`7d` or `1w`)
// is so only through the names. A set's features stand in the model's order; where a dot in a name would
// leave open which view is meant, a member is an object of both names. What a set may leave out (defaults, key
// fields' other names) is left out, so that a plain list has the text that it always had.

public enum CanonicalForm {
  /// The canonical JSON of a stream.
  public static func text(_ stream: StreamDeclaration) -> String { json(stream).compact }

  /// The canonical JSON of a view over its stream.
  public static func text(_ view: ViewDeclaration, over stream: StreamDeclaration) -> String {
    json(view, over: stream).compact
  }

  /// The canonical JSON of a feature set.
  public static func text(_ set: FeatureSet) -> String { json(set).compact }

  /// The canonical JSON of a table.
  public static func text(_ table: TableDeclaration) -> String { json(table).compact }

  public static func digest(_ table: TableDeclaration) -> Digest { Digest(of: text(table)) }

  public static func digest(_ stream: StreamDeclaration) -> Digest { Digest(of: text(stream)) }

  public static func digest(_ view: ViewDeclaration, over stream: StreamDeclaration) -> Digest {
    Digest(of: text(view, over: stream))
  }

  public static func digest(_ set: FeatureSet) -> Digest { Digest(of: text(set)) }

  /// As `text`, as a tree.
  public static func json(_ stream: StreamDeclaration) -> JSONValue {
    let fields = stream.fields
    var members: [(String, JSONValue)] = [
      ("stream", .string(stream.name)),
      ("fields", .object(fields.map { ($0.name, .string($0.type.rawValue)) })),
      ("eventTime", .string(fields[stream.eventTime].name)),
    ]
    if let index = stream.arrivalTime {
      members.append(("arrivalTime", .string(fields[index].name)))
    }
    if let index = stream.id { members.append(("id", .string(fields[index].name))) }
    if let keep = stream.keep { members.append(("keep", json(keep))) }
    return .object(members)
  }

  private static func json(_ keep: StreamDeclaration.Keeping) -> JSONValue {
    switch keep {
    case .forever: true
    case .milliseconds(let time): .string(DurationText.text(time))
    }
  }

  /// How long events are kept, for people; nil where they are not.
  static func text(_ keep: StreamDeclaration.Keeping?) -> String? {
    keep.map { json($0).compact }
  }

  /// As `text`, as a tree.
  public static func json(_ view: ViewDeclaration, over stream: StreamDeclaration) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("view", .string(view.name)), ("stream", .string(view.stream)),
    ]
    let scope = view.scope(of: stream)
    if let join = view.join { members.append(("join", json(join))) }
    if !view.derived.isEmpty {
      let formulas = view.derived.map {
        ($0.name, JSONValue.string(FilterPrinter.text($0.formula, scope.fields)))
      }
      members.append(("derive", .object(formulas)))
    }
    members += [
      ("entity", .array(view.entity.map { .string($0) })),
      ("slice", .string(DurationText.text(view.slice.milliseconds))),
    ]
    if let filter = view.filter {
      members.append(("where", .string(FilterPrinter.text(filter, stream: scope))))
    }
    if let retention = view.retention {
      members.append(("retention", .string(length(retention, in: view))))
    }
    let features = view.features.map { ($0.name, json($0, in: view)) }
    members.append(("features", .object(features)))
    return .object(members)
  }

  static func json(_ join: EventJoin) -> JSONValue {
    .object([
      ("stream", .string(join.stream)), ("by", .string(join.by)),
      ("fields", .object(join.fields.map { ($0.name, .string($0.type.rawValue)) })),
    ])
  }

  /// As `text`, as a tree.
  public static func json(_ set: FeatureSet) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("set", .string(set.name)), ("features", .array(set.members.map { json($0) })),
    ]
    if !set.keys.isEmpty {
      let views = set.keys.sorted { $0.key < $1.key }
      members.append(
        (
          "keys",
          .object(
            views.map { view, fields in
              (view, .object(fields.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
            })
        ))
    }
    return .object(members)
  }

  /// A member as the canonical form writes it.
  static func json(_ member: FeatureSet.Member) -> JSONValue {
    var members: [(String, JSONValue)]
    switch member.source {
    case .feature(let feature):
      let text = feature.description
      if member.defaultValue == nil, ViewFeature(plain: text) != nil { return .string(text) }
      members = [("view", .string(feature.view)), ("feature", .string(feature.feature))]
    case .derived(let name, let formula):
      members = [("name", .string(name)), ("derive", .string(formula.text))]
    }
    if let value = member.defaultValue { members.append(("default", JSONValue(value))) }
    return .object(members)
  }

  /// As `text`, as a tree.
  public static func json(_ table: TableDeclaration) -> JSONValue {
    let fields = { (fields: [StreamDeclaration.Field]) in
      JSONValue.object(fields.map { ($0.name, .string($0.type.rawValue)) })
    }
    var members: [(String, JSONValue)] = [
      ("table", .string(table.name)), ("key", fields(table.key)),
    ]
    if let name = table.validFrom { members.append(("validFrom", .string(name))) }
    if !table.attributes.isEmpty { members.append(("attributes", fields(table.attributes))) }
    members.append(("slice", .string(DurationText.text(table.slice.milliseconds))))
    return .object(members)
  }

  /// A window as the canonical form writes it.
  static func length(_ window: Window, in view: ViewDeclaration) -> String {
    window.isLifetime
      ? window.label : DurationText.text(window.slices * view.slice.milliseconds)
  }

  private static func json(
    _ feature: FeatureDeclaration, in view: ViewDeclaration
  ) -> JSONValue {
    if feature.derivation != nil { return .object(members(feature.aggregation)) }
    return .object(
      members(feature.aggregation) + [("windows", [.string(length(feature.window, in: view))])])
  }

  private static func json(_ parameter: (key: String, value: Int64)) -> JSONValue {
    parameter.key == Aggregation.halfLife
      ? .string(DurationText.text(parameter.value)) : .int(parameter.value)
  }

  /// `"distinct": "repo", "exactUpTo": 64`: the function, then its parameters by name, then the categories,
  /// then the filter.
  static func members(_ aggregation: Aggregation) -> [(String, JSONValue)] {
    let input: JSONValue = aggregation.field.map { .string($0) } ?? true
    let parameters = aggregation.parameters.sorted { $0.key < $1.key }
    var members = [(aggregation.function, input)] + parameters.map { ($0.key, json($0)) }
    if let by = aggregation.by {
      members += [("by", .string(by.field)), ("limit", .int(by.limit))]
    }
    if let filter = aggregation.filter { members.append(("where", .string(filter.text))) }
    return members
  }
}
