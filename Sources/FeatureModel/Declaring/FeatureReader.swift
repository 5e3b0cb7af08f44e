// One member of `features`: a name with `{window}` in it, one function with its field and
// parameters, and the windows, each of which makes a feature.

struct FeatureReader {
  let view: ViewReader
  let slice: SliceLength?
  let retention: Window?

  /// The features of one member; fewer after mistakes, which have been noted.
  func read(_ template: String, _ node: DeclarationNode) -> [FeatureDeclaration] {
    guard case .object(let members) = node.value.content else {
      node.report(#"a feature expected, such as { "sum": "lines", "windows": ["30d"] }"#)
      return []
    }
    let windows = readWindows(node)
    let functions = members.compactMap { member in
      view.signatures.first { $0.name == member.name }.map { ($0, node.member(member.name)!) }
    }
    guard let (signature, place) = functions.first else {
      reportNoFunction(node, members)
      return []
    }
    if functions.count > 1 {
      let names = functions.map { "'\($0.0.name)'" }.joined(separator: " and ")
      node.report("a feature has one function, not \(names); make a feature of each")
    }
    let own = functions.map(\.0.name)
    node.checkNames(
      own + signature.parameters.map(\.name) + shapes(of: signature, node) + ["windows"])
    let aggregation = readAggregation(signature, place, node)
    checkTemplate(template, node, windows)
    guard let (aggregation, type) = aggregation else { return [] }
    return windows.map { window in
      let name = Self.name(template, window)
      return FeatureDeclaration(name: name, aggregation: aggregation, window: window, type: type)
    }
  }

  private func reportNoFunction(_ node: DeclarationNode, _ members: [JSONMember]) {
    let names = view.signatures.map(\.name)
    for member in members where !(Self.shapes + ["windows"]).contains(member.name) {
      if let advice = KnownElsewhere.advice(member.name) {
        node.nameNode(member).report(advice)
        return
      }
      if let near = Suggestion.nearest(to: member.name, among: names) {
        node.nameNode(member).report(
          "there is no function '\(member.name)'; did you mean '\(near)'?")
        return
      }
    }
    node.report("no function is named; there are \(Suggestion.list(names))")
  }

  private func readWindows(_ node: DeclarationNode) -> [Window] {
    guard let place = node.required("windows", #""windows": ["7d", "30d"]"#),
      let texts = place.strings("a window such as '30d'")
    else { return [] }
    if case .array(let elements) = place.value.content, elements.isEmpty {
      place.report("a feature has at least one window")
    }
    return texts.compactMap { text, place in
      if text == Window.lifetime.label { return checkLifetime(place) ? .lifetime : nil }
      if DurationText.milliseconds(text) == nil {
        place.report(
          "'\(text)' is no window; write a whole number with m, h, d or w, as in '30d', or 'lifetime'"
        )
        return nil
      }
      guard let window = view.window(text, place, slice) else { return nil }
      return checkLength(window, place) ? window : nil
    }
  }

  private func checkLifetime(_ place: DeclarationNode) -> Bool {
    guard let retention else { return true }
    place.report(
      "a lifetime needs all slices, and the view keeps those of \(retention.label) only; choose a window, "
        + "or leave out 'retention'")
    return false
  }

  private func checkLength(_ window: Window, _ place: DeclarationNode) -> Bool {
    if window.slices > ViewReader.longestWindow {
      place.report(
        "a window has at most \(ViewReader.longestWindow) slices, \(window.label) has "
          + "\(window.slices); choose a longer slice or a shorter window")
      return false
    }
    if let retention, window.slices > retention.slices {
      place.report(
        "\(window.label) is longer than the retention of \(retention.label); no window may reach "
          + "back further than slices are kept")
      return false
    }
    return true
  }

  private func checkTemplate(_ template: String, _ node: DeclarationNode, _ windows: [Window]) {
    if windows.count > 1, Self.name(template, windows[0]) == template {
      node.report("\(windows.count) windows need names of their own; put {window} into the name")
    }
    let samples = windows.isEmpty ? [Window(slices: 1, label: "1d")] : windows
    let complaints = samples.compactMap { DeclaredNames.featureComplaint(Self.name(template, $0)) }
    if let complaint = complaints.first { node.report(complaint) }
  }

  static func name(_ template: String, _ window: Window) -> String {
    name(template, window.label)
  }

  private static func name(_ template: String, _ label: String) -> String {
    template.split(separator: "{window}", omittingEmptySubsequences: false)
      .joined(separator: label)
  }
}

// A feature that is computed from others: `{ "derive": "`7d_N` / `30d_N`" }`.
extension FeatureReader {
  static func isDerived(_ member: JSONMember) -> Bool { member.value["derive"] != nil }

  /// The names that a member would give its features; nothing is said of its mistakes.
  func names(_ member: JSONMember, _ node: DeclarationNode) -> [String] {
    guard !Self.isDerived(member), let windows = node.member("windows")?.value.content else {
      return [member.name]
    }
    switch windows {
    case .string(let text): return [Self.name(member.name, text)]
    case .array(let elements):
      return elements.compactMap { element in
        guard case .string(let text) = element.content else { return nil }
        return Self.name(member.name, text)
      }
    default: return [member.name]
    }
  }

  /// - Parameters:
  ///   - features: those that it may stand on; nil after a mistake in one of them, and without a stream.
  ///   - names: of all the view's features, in order.
  ///   - declared: the names that the features would have without mistakes.
  func readDerived(
    _ member: JSONMember, _ node: DeclarationNode, over features: [FeatureDeclaration]?,
    of names: [String], declared: [String]
  ) -> FeatureDeclaration? {
    node.checkNames(["derive"])
    if let complaint = DeclaredNames.featureComplaint(member.name) { node.report(complaint) }
    guard let place = node.member("derive") else { return nil }
    let fields = features?.map { StreamDeclaration.Field(name: $0.name, type: $0.type) }
    guard let (formula, type) = view.readFormula(place, fields, names: declared), let features,
      let fields
    else { return nil }
    let used = formula.fields.map { features[$0] }
    guard let longest = used.map(\.window).max(by: { $0.slices < $1.slices }) else {
      place.report("a derived feature stands on at least one feature of the view")
      return nil
    }
    let text = FilterPrinter.text(formula, fields)
    let derivation = formula.mapFields { names.firstIndex(of: fields[$0].name)! }
    return FeatureDeclaration(
      name: member.name, aggregation: Aggregation(function: "derive", field: text),
      window: longest, type: type, derivation: derivation)
  }
}

// The function, its field and its parameters.
extension FeatureReader {
  private func readAggregation(
    _ signature: AggregateSignature, _ place: DeclarationNode, _ node: DeclarationNode
  ) -> (Aggregation, FieldType)? {
    let parameters = readParameters(signature, node)
    let filter = readFilter(node)
    let input = readInput(signature, place)
    let categories = readCategories(signature, input, node)
    guard let input, let parameters, let filter, let categories else { return nil }
    let aggregation = Aggregation(
      function: signature.name, field: input.field, parameters: parameters, by: categories.value,
      filter: filter.value)
    return (aggregation, categories.value == nil ? signature.result(input.type) : .string)
  }

  /// The field and its type, both nil for rows. Without a stream the type is a guess that nobody
  /// sees.
  private func readInput(
    _ signature: AggregateSignature, _ place: DeclarationNode
  ) -> (field: String?, type: FieldType?)? {
    switch place.value.content {
    case .bool(true) where signature.acceptsRows: return (nil, nil)
    case .string(let name) where !signature.accepts.isEmpty:
      guard let stream = view.stream else {
        return (name, FieldType.allCases.first { signature.accepts.contains($0) })
      }
      return field(name, signature, stream, place)
    default:
      let field = signature.accepts.isEmpty ? nil : "the name of a field"
      let rows = signature.acceptsRows ? "true" : nil
      let wanted = [field, rows].compactMap { $0 }.joined(separator: " or ")
      place.report("'\(signature.name)' takes \(wanted), not \(Self.shown(place.value))")
      return nil
    }
  }

  private func field(
    _ name: String, _ signature: AggregateSignature, _ stream: StreamDeclaration,
    _ place: DeclarationNode
  ) -> (field: String?, type: FieldType?)? {
    let fitting = stream.fields.filter { signature.accepts.contains($0.type) }.map(\.name)
    guard let index = stream.index(of: name) else {
      place.report(
        "stream '\(stream.name)' has no field '\(name)'\(Suggestion.phrase(for: name, among: fitting))"
      )
      return nil
    }
    let type = stream.fields[index].type
    if signature.accepts.contains(type) { return (name, type) }
    let types = FieldType.allCases.filter(signature.accepts.contains).map(\.rawValue)
    let others =
      fitting.isEmpty
      ? "the stream has no such field" : "these would do: \(Suggestion.list(fitting))"
    place.report(
      "'\(name)' is \(type.rawValue), '\(signature.name)' takes \(types.joined(separator: ", ")); \(others)"
    )
    return nil
  }

  private func readParameters(
    _ signature: AggregateSignature, _ node: DeclarationNode
  ) -> [String: Int64]? {
    var result: [String: Int64] = [:]
    var isComplete = true
    for parameter in signature.parameters {
      if parameter.isLengthOfTime {
        result[parameter.name] = readLength(parameter, signature, node)
        isComplete = isComplete && result[parameter.name] != nil
        continue
      }
      guard let place = node.member(parameter.name) else {
        result[parameter.name] = parameter.defaultValue
        continue
      }
      if case .int(let value) = place.value.content, parameter.range.contains(value) {
        result[parameter.name] = value
      } else {
        place.report(
          "a whole number from \(parameter.range.lowerBound) to \(parameter.range.upperBound) "
            + "expected, not \(Self.shown(place.value))")
        isComplete = false
      }
    }
    return isComplete ? result : nil
  }

  /// A length of time in milliseconds; nil after a mistake, and without a slice.
  private func readLength(
    _ parameter: AggregateSignature.Parameter, _ signature: AggregateSignature,
    _ node: DeclarationNode
  ) -> Int64? {
    guard let place = node.member(parameter.name) else {
      node.report(
        "'\(signature.name)' needs '\(parameter.name)', the age at which an event counts half; add "
          + "\"\(parameter.name)\": \"7d\"")
      return nil
    }
    guard let text = place.string("a length of time such as '7d'"),
      let length = view.window(text, place, slice), let slice
    else { return nil }
    guard parameter.range.contains(length.slices) else {
      place.report(
        "'\(parameter.name)' has at most \(parameter.range.upperBound) slices, \(text) has "
          + "\(length.slices); choose a longer slice or a shorter \(parameter.name)")
      return nil
    }
    return length.slices * slice.milliseconds
  }

  static func shown(_ value: JSONValue) -> String {
    switch value.content {
    case .array, .object: value.kindName
    default: value.compact
    }
  }
}
