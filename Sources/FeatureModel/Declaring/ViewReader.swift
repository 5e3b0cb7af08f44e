// A view's declaration: entity, slice, filter, retention, features. Without a stream only the form
// is checked; what needs the stream's fields is passed over.

struct ViewReader {
  private static let names = [
    "$schema", "view", "stream", "join", "derive", "entity", "slice", "where", "retention",
    "features",
  ]
  /// How many slices a window may have.
  static let longestWindow: Int64 = 100_000

  let signatures: [AggregateSignature]
  let limits: FormulaLimits
  /// With the view's derived fields, once these are read.
  var stream: StreamDeclaration?
  /// Once it is read.
  private var join: EventJoin?

  init(
    signatures: [AggregateSignature], stream: StreamDeclaration?, limits: FormulaLimits = .written
  ) {
    self.signatures = signatures
    self.limits = limits
    self.stream = stream
  }

  /// Nil after a mistake, which has been noted; and nil without a stream.
  func read(_ node: DeclarationNode) -> ViewDeclaration? {
    node.checkNames(Self.names)
    var scoped = self
    if let place = node.member("join") {
      let join = JoinReader.read(place, stream)
      scoped.join = join
      scoped.stream = join.flatMap { join in
        stream.map { Self.extended($0, with: join.fields) }
      }
    }
    guard let place = node.member("derive") else { return scoped.read(node, []) }
    let derived = scoped.readDerived(place)
    // Without its fields the rest would be told wrong things.
    guard let derived else {
      scoped.stream = nil
      return scoped.read(node, [])
    }
    return scoped.read(node, derived)
  }

  private func read(_ node: DeclarationNode, _ derived: [DerivedField]) -> ViewDeclaration? {
    let name = node.required("view", #""view": "author_activity""#)?.declaredName("the view's name")
    let streamName =
      node.required("stream", #""stream": "commits", the stream it is over"#)?
      .declaredName("the stream's name")
    let entity = node.required("entity", #""entity": ["author"], the fields it describes"#)
      .flatMap(readEntity)
    let slice = readSlice(node)
    let filter = node.member("where").flatMap(readFilter)
    let retention = node.member("retention").flatMap { readRetention($0, slice) }
    let features = node.required(
      "features", #""features": { "{window}_COUNT": { "count": true, "windows": ["30d"] } }"#
    )
    .map { readFeatures($0, slice, retention) }
    guard node.collector.problems.isEmpty, stream != nil, let name, let streamName, let entity,
      let slice, let features
    else { return nil }
    return ViewDeclaration(
      name: name, stream: streamName, entity: entity, slice: slice, filter: filter,
      retention: retention, features: features, derived: derived,
      join: join)
  }

  private static func extended(
    _ stream: StreamDeclaration, with fields: [StreamDeclaration.Field]
  ) -> StreamDeclaration {
    StreamDeclaration(
      name: stream.name, fields: stream.fields + fields, eventTime: stream.eventTime,
      arrivalTime: stream.arrivalTime, id: stream.id)
  }

  /// The computed fields, each of which the stream then has; nil after a mistake.
  private mutating func readDerived(_ node: DeclarationNode) -> [DerivedField]? {
    guard case .object(let members) = node.value.content, !members.isEmpty else {
      node.report(
        #"computed fields expected, an object such as { "domain": "after(sender, '@')" }"#)
      return nil
    }
    var derived: [DerivedField] = []
    for member in members {
      let place = node.nameNode(member)
      if let complaint = DeclaredNames.fieldComplaint(member.name) { place.report(complaint) }
      if let stream, stream.index(of: member.name) != nil {
        place.report(
          "'\(member.name)' is a field of stream '\(stream.name)', or derived already; choose another name"
        )
        continue
      }
      guard let (formula, type) = readFormula(node.member(member.name) ?? place, stream?.fields)
      else { continue }
      let field = DerivedField(name: member.name, type: type, formula: formula)
      derived.append(field)
      stream = stream.map { Self.extended($0, with: [.init(name: field.name, type: type)]) }
    }
    return derived.count == members.count ? derived : nil
  }

  /// A formula and its type; nil after a mistake, and without fields.
  /// - Parameter names: of all that it may stand on, where their types are not known.
  func readFormula(
    _ place: DeclarationNode, _ fields: [StreamDeclaration.Field]?, names: [String]? = nil
  ) -> (Formula, FieldType)? {
    guard let text = place.string("a formula such as \"lower(after(sender, '@'))\"") else {
      return nil
    }
    do {
      if let fields { return try FilterParser.parseFormula(text, fields, limits: limits) }
      if let names {
        try FilterParser.checkFormula(text, among: names, limits: limits)
      } else {
        try FilterParser.checkFormula(text, limits: limits)
      }
    } catch {
      for problem in error.problems { place.report(problem.description) }
    }
    return nil
  }

  private func readEntity(_ node: DeclarationNode) -> [String]? {
    guard let parts = node.strings("the entity's field") else { return nil }
    if case .array(let elements) = node.value.content, elements.isEmpty {
      node.report("an entity has at least one field")
    }
    var seen: Set<String> = []
    for (name, place) in parts {
      if !seen.insert(name).inserted { place.report("'\(name)' is part of the entity already") }
      checkEntityField(name, place)
    }
    return parts.map(\.text)
  }

  private func checkEntityField(_ name: String, _ place: DeclarationNode) {
    guard let stream else { return }
    let fitting = stream.fields.filter { $0.type != .double }.map(\.name)
    guard let index = stream.index(of: name) else {
      place.report(
        "stream '\(stream.name)' has no field '\(name)'\(Suggestion.phrase(for: name, among: fitting))"
      )
      return
    }
    if stream.fields[index].type == .double {
      place.report(
        "'\(name)' is double, and an entity needs exact values; these would do: "
          + Suggestion.list(fitting))
    }
  }

  /// A day where nothing is said; nil after a mistake.
  private func readSlice(_ node: DeclarationNode) -> SliceLength? {
    guard let place = node.member("slice") else { return .day }
    guard let text = place.string("a length of time such as '1d'"),
      let milliseconds = place.duration(text)
    else { return nil }
    if let slice = SliceLength(milliseconds: milliseconds) { return slice }
    place.report("a slice is at most 366d long, not \(text)")
    return nil
  }

  private func readRetention(_ place: DeclarationNode, _ slice: SliceLength?) -> Window? {
    guard let text = place.string("a length of time such as '400d'") else { return nil }
    return window(text, place, slice)
  }

  /// A condition, of the view or of one of its features.
  func readFilter(_ place: DeclarationNode) -> Filter? {
    guard let text = place.string("a condition such as 'parents < 2'") else { return nil }
    do {
      if let stream { return try FilterParser.parse(text, stream: stream, limits: limits) }
      try FilterParser.checkForm(text, limits: limits)
    } catch {
      for problem in error.problems { place.report(problem.description) }
    }
    return nil
  }

  private func readFeatures(
    _ node: DeclarationNode, _ slice: SliceLength?, _ retention: Window?
  ) -> [FeatureDeclaration] {
    guard case .object(let members) = node.value.content else {
      node.report("the features expected, an object, not \(node.value.kindName)")
      return []
    }
    if members.isEmpty { node.report("a view has at least one feature") }
    let reader = FeatureReader(view: self, slice: slice, retention: retention)
    var seen: [String: String] = [:]
    // Aggregations first: what is derived stands on them wherever they are declared.
    var found = members.map { member in
      FeatureReader.isDerived(member) ? [] : reader.read(member.name, node.nameNode(member))
    }
    let names = zip(members, found).flatMap { member, features in
      FeatureReader.isDerived(member) ? [member.name] : features.map(\.name)
    }
    // After mistakes above, types are not known of all that is there.
    let isWhole = stream != nil && node.collector.problems.isEmpty
    let declared = members.flatMap { reader.names($0, node.nameNode($0)) }
    for (index, member) in members.enumerated() where FeatureReader.isDerived(member) {
      let feature = reader.readDerived(
        member, node.nameNode(member), over: isWhole ? found.flatMap { $0 } : nil, of: names,
        declared: declared)
      found[index] = feature.map { [$0] } ?? []
    }
    for (features, member) in zip(found, members) {
      for feature in features {
        if let other = seen.updateValue(member.name, forKey: feature.name),
          feature.name != member.name || other != member.name
        {
          let what = other == member.name ? "its windows" : "'\(other)'"
          node.nameNode(member).report(
            "the feature '\(feature.name)' comes from \(what) too; rename one")
        }
      }
    }
    return found.flatMap { $0 }
  }

  /// A length of time as a number of slices.
  func window(_ text: String, _ place: DeclarationNode, _ slice: SliceLength?) -> Window? {
    guard let milliseconds = place.duration(text), let slice else { return nil }
    let slices = milliseconds / slice.milliseconds
    if milliseconds % slice.milliseconds == 0 { return Window(slices: slices, label: text) }
    let next = DurationText.text((slices + 1) * slice.milliseconds)
    let unit = DurationText.text(slice.milliseconds)
    let near = slices == 0 ? next : "\(DurationText.text(slices * slice.milliseconds)) or \(next)"
    place.report("\(text) is not a whole number of slices of \(unit); the nearest is \(near)")
    return nil
  }
}
