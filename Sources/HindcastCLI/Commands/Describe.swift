// `hindcast describe`: all that a store knows of one view, stream or feature set.
import Hindcast

enum Describe: Command {
  static let name = "describe"
  static let summary = "Show a view, stream, set or table: declaration, features, seal, sources"
  static let words = "STORE NAME"
  static let options = [Option(flag: "json", "print the canonical declaration")]
  static let examples = ["hindcast describe ./store author_activity"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0], .readOnly).store
    try describe(words[1], store, asJSON: arguments.has("json"))
    return .success
  }

  /// A name may stand for one of each kind; the first is shown.
  private static func describe(_ name: String, _ store: Store, asJSON: Bool) throws {
    if let table = store.tables.first(where: { $0.declaration.name == name }) {
      if asJSON { return print(CanonicalForm.json(table.declaration).compact) }
      try show(table, store)
    } else if let stream = store.streams.first(where: { $0.declaration.name == name }) {
      if asJSON { return print(CanonicalForm.json(stream.declaration).compact) }
      try show(stream, store)
    } else if let view = try? store.view(name) {
      let stream = try store.stream(view.declaration.stream)
      if asJSON {
        return print(CanonicalForm.json(view.declaration.plain, over: stream.declaration).compact)
      }
      try show(view, stream, store)
    } else if let set = store.sets.first(where: { $0.declaration.name == name }) {
      if asJSON { return print(CanonicalForm.json(set.declaration).compact) }
      try show(set, store)
    } else {
      let names =
        store.views.map(\.declaration.name) + store.streams.map(\.declaration.name)
        + store.sets.map(\.declaration.name)
      throw StoreError.invalid(
        "the store has no view, stream, set or table '\(name)'\(Suggestion.phrase(for: name, among: names))"
      )
    }
  }

  private static func show(_ table: RegisteredTable, _ store: Store) throws {
    let declaration = table.declaration
    let stream = try store.stream(declaration.name)
    print("table \(declaration.name)   \(table.digest)")
    print("sealed up to: \(stream.seal?.description ?? "not sealed")")
    print("slice: \(DurationText.text(declaration.slice.milliseconds))")
    print("rows: \(Terminal.grouped(try store.rowCount(of: declaration.name)))")
    let roles = { (fields: [StreamDeclaration.Field], role: String) in
      fields.map { [$0.name, $0.type.rawValue, role] }
    }
    Terminal.table(
      ["column", "type", "is"],
      roles(declaration.key, "key")
        + [
          [
            declaration.validFromName, "timestamp",
            declaration.validFrom == nil ? "always" : "valid from",
          ]
        ]
        + roles(declaration.attributes, ""))
  }

  private static func show(_ stream: RegisteredStream, _ store: Store) throws {
    let declaration = stream.declaration
    print("stream \(declaration.name)   \(stream.digest)")
    print("sealed up to: \(stream.seal?.description ?? "not sealed")")
    if let kept = try store.keptEvents(of: declaration.name) {
      let since = kept.start.map { "; all that arrived from \($0) on" } ?? ""
      let gap = kept.isWhole ? "" : "; those before they were kept are missing"
      print(
        "keeps \(Terminal.grouped(kept.events)) events, \(Terminal.bytes(Int(kept.bytes)))\(since)\(gap)"
      )
    }
    let views = store.views(of: declaration.name).map(\.declaration.name)
    print("views: \(views.isEmpty ? "none" : views.joined(separator: ", "))")
    Terminal.table(
      ["field", "type", "is"],
      declaration.fields.enumerated().map { index, field in
        var roles: [String] = []
        if index == declaration.eventTime { roles.append("event time") }
        if index == declaration.arrivalTime { roles.append("arrival time") }
        if index == declaration.id { roles.append("id") }
        return [field.name, field.type.rawValue, roles.joined(separator: ", ")]
      })
  }

  private static func show(
    _ view: RegisteredView, _ stream: RegisteredStream, _ store: Store
  ) throws {
    let declaration = view.declaration
    print("view \(declaration.name)   \(view.digest)")
    showStanding(declaration.name, store)
    print(
      "stream: \(declaration.stream), sealed up to: \(stream.seal?.description ?? "not sealed")")
    print("entity: \(declaration.entity.joined(separator: ", "))")
    print("slice: \(DurationText.text(declaration.slice.milliseconds))")
    let scope = declaration.scope(of: stream.declaration)
    for field in declaration.derived {
      let formula = FilterPrinter.text(field.formula, scope.fields)
      print("derive \(field.name): \(formula) (\(field.type.rawValue))")
    }
    if let filter = declaration.filter {
      print("where: \(FilterPrinter.text(filter, stream: scope))")
    }
    if let floor = view.floor {
      print("kept from: \(declaration.slice.start(of: floor))")
    }
    for position in try store.positions(in: view.id) {
      let rows = FeatureStore.rows(at: position).map { "\(Terminal.grouped($0)) rows" }
      print("source \(position.source): \(rows ?? "\(position.position.count) bytes of position")")
    }
    Terminal.table(
      ["feature", "type", "aggregation", "window"],
      declaration.features.map { feature in
        let isDerived = feature.derivation != nil
        return [
          feature.name, feature.type.rawValue,
          isDerived ? feature.aggregation.field ?? "" : shown(feature.aggregation),
          isDerived ? "" : feature.window.label,
        ]
      })
  }

  /// What there is to tell beyond that it serves; nearly always nothing.
  private static func showStanding(_ name: String, _ store: Store) {
    let standing = store.standing(of: name)
    let others = store.versions(of: name).map(\.declaration.name).filter { $0 != name }
    if standing.version > 1 || !others.isEmpty {
      let beside = others.isEmpty ? "" : "; beside it: \(others.joined(separator: ", "))"
      print("version: \(standing.version), \(standing.word(of: name) ?? "serving")\(beside)")
    }
    for (subject, deprecation) in store.deprecations(of: name) {
      let use = store.use(of: subject.description).map { "; \($0.text)" } ?? ""
      print("\(subject) is \(deprecation.text)\(use)")
    }
  }

  /// `sum(lines) by repo where parents < 2`
  private static func shown(_ aggregation: Aggregation) -> String {
    let by = aggregation.by.map { " by \($0.field)" } ?? ""
    let filter = aggregation.filter.map { " where \($0)" } ?? ""
    return "\(aggregation.function)(\(aggregation.field ?? "rows"))\(by)\(filter)"
  }

  private static func show(_ set: RegisteredSet, _ store: Store) throws {
    let declaration = set.declaration
    print("set \(declaration.name)   \(set.digest)")
    let shape = try? store.shape(of: declaration)
    if let shape { print("key: \(shape.keyFields.joined(separator: ", "))") }
    let hasDefaults = declaration.members.contains { $0.defaultValue != nil }
    let rows = try declaration.members.enumerated().map { index, member -> [String] in
      let value = member.defaultValue.map { [$0.description] } ?? [""]
      let type = shape?.types[index].rawValue
      guard let feature = member.feature else {
        guard case .derived(_, let formula) = member.source else { return [member.name] }
        return [member.name, type ?? "gone", formula.text, ""] + (hasDefaults ? value : [])
      }
      let view = try store.view(feature.view).declaration
      let declared = view.features.first { $0.name == feature.feature }
      let entity = view.entity.map { declaration.spineName(of: $0, in: feature.view) }
      return [
        feature.feature, declared?.type.rawValue ?? "gone", feature.view,
        entity.joined(separator: ", "),
      ] + (hasDefaults ? value : [])
    }
    Terminal.table(
      ["feature", "type", "view", "entity"] + (hasDefaults ? ["default"] : []), rows)
  }
}
