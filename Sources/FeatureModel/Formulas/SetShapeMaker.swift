// Finds out what the members of a set are: which feature each name means, in which order derived members build
// on each other, whether formulas and defaults have the right types. Goes on after mistakes, so that all are
// told.

struct SetShapeMaker {
  private let set: FeatureSet
  private let scope: SetScope
  private(set) var problems: [SetShape.Problem] = []
  private(set) var reads: [ViewFeature] = []
  private(set) var readTypes: [FieldType] = []
  /// In their canonical form.
  private(set) var members: [FeatureSet.Member] = []
  /// Over the columns of `reads` and the results before.
  private(set) var results: [(formula: Formula, type: FieldType)] = []
  /// Where what stands in the vector, or is read, has its column.
  private(set) var columns: [FeatureSet.Member.Name: Int] = [:]
  private var types: [FeatureSet.Member.Name: FieldType] = [:]
  /// The derived members by name.
  private var derived: [String: Int] = [:]

  init(_ set: FeatureSet, _ scope: SetScope) {
    self.set = set
    self.scope = scope
    members = set.members
  }

  private mutating func note(_ member: Int?, _ part: String?, _ reason: String) {
    problems.append(.init(member: member, part: part, reason: reason))
  }

  mutating func make() {
    checkKeys()
    findFeatures()
    addDefaults()
    addDerived()
  }

  private mutating func checkKeys() {
    let views = set.views
    for (view, fields) in set.keys.sorted(by: { $0.key < $1.key }) {
      guard views.contains(view), let known = scope.views[view] else {
        note(
          nil, "keys",
          "the set reads no view '\(view)'\(Suggestion.phrase(for: view, among: views))")
        continue
      }
      for field in fields.keys.sorted() where !known.entity.contains(field) {
        note(
          nil, "keys",
          "view '\(view)' has no key field '\(field)'\(Suggestion.phrase(for: field, among: known.entity))"
        )
      }
      let names = known.entity.map { set.spineName(of: $0, in: view) }
      if let complaint = names.compactMap(DeclaredNames.fieldComplaint).first {
        note(nil, "keys", complaint)
      }
      if Set(names).count < names.count {
        note(
          nil, "keys", "two key fields of view '\(view)' get one name; they are different things")
      }
    }
  }

  private mutating func findFeatures() {
    for feature in set.reads {
      guard let type = scope.type(of: feature) else { continue }
      columns[.feature(feature)] = reads.count
      types[.feature(feature)] = type
      reads.append(feature)
      readTypes.append(type)
    }
    for (index, member) in set.members.enumerated() {
      if let feature = member.feature, columns[member.key] == nil {
        note(index, nil, scope.missing(feature))
      }
    }
  }

  private mutating func addDefaults() {
    for (index, member) in set.members.enumerated() {
      guard member.feature != nil, member.defaultValue != nil, let type = types[member.key],
        let value = defaultValue(index, type)
      else { continue }
      add(member.key, .call(.coalesce, [.field(columns[member.key]!), .value(value)]), type)
    }
  }

  private mutating func add(
    _ name: FeatureSet.Member.Name, _ formula: Formula, _ type: FieldType
  ) {
    columns[name] = reads.count + results.count
    types[name] = type
    results.append((formula, type))
  }

  /// A member's default as a value of its type; nil where it has none, and after a mistake.
  private mutating func defaultValue(_ member: Int, _ type: FieldType) -> Value? {
    guard let given = set.members[member].defaultValue else { return nil }
    guard let value = given.converted(to: type) else {
      note(
        member, "default",
        "'\(set.members[member].name)' is \(type.rawValue): \(Self.wanted(type)) expected, not \(given)"
      )
      return nil
    }
    // An instant is written as its text, which is all that a text of JSON has for it.
    let written = type == .timestamp ? Value.string(value.description) : value
    members[member] = FeatureSet.Member(members[member].source, default: written)
    return value
  }

  private static func wanted(_ type: FieldType) -> String {
    switch type {
    case .int: "a whole number"
    case .double: "a number"
    case .string: "a text"
    case .bool: "true or false"
    case .timestamp: "a time such as '2026-11-22T13:17:02Z', or epoch milliseconds,"
    }
  }
}

// Derived members.
extension SetShapeMaker {
  private mutating func addDerived() {
    var formulas: [(member: Int, name: String, text: String, names: [String])] = []
    for (index, member) in set.members.enumerated() {
      guard case .derived(let name, let formula) = member.source else { continue }
      checkName(name, index)
      derived[name] = formulas.count
      formulas.append((index, name, formula.text, FormulaNames.names(in: formula.text)))
    }
    let (order, circle) = FormulaNames.order(
      formulas.map { formula in formula.names.compactMap { derived[$0] } })
    if let first = circle.first {
      let names = (circle + [first]).map { formulas[$0].name }
      note(
        formulas[first].member, "derive",
        "'\(formulas[first].name)' is computed from itself: \(names.joined(separator: " from "))")
    }
    for place in order {
      let formula = formulas[place]
      if checkNames(formula.names, formula.member) {
        addDerived(formula.member, formula.name, formula.text, formula.names)
      }
    }
    for place in formulas.indices where !order.contains(place) {
      _ = checkNames(formulas[place].names, formulas[place].member)
    }
  }

  private mutating func checkName(_ name: String, _ member: Int) {
    if let complaint = DeclaredNames.featureComplaint(name) {
      note(member, "name", complaint)
    } else if name.contains(".") {
      note(member, "name", "'\(name)' has a dot, and such names mean a view's feature; use _ or -")
    } else if derived[name] != nil {
      note(member, "name", "'\(name)' is in the set already")
    }
  }

  /// Whether all names mean something.
  private mutating func checkNames(_ names: [String], _ member: Int) -> Bool {
    var areKnown = true
    for name in names where columns[.init(name)] == nil && derived[name] == nil {
      note(member, "derive", unknown(name))
      areKnown = false
    }
    return areKnown
  }

  private func unknown(_ name: String) -> String {
    let readings = ViewFeature.readings(of: name)
    if readings.count == 1 { return scope.missing(readings[0]) }
    if readings.count > 1 {
      return
        "'\(name)' could mean more than one feature: one whose own name, or whose view's, has a dot "
        + "cannot stand in a formula"
    }
    for (view, known) in scope.views.sorted(by: { $0.key < $1.key })
    where known.names.contains(name) {
      return "'\(name)' is no member that is derived; did you mean '\(view).\(name)'?"
    }
    return "'\(name)' is neither a derived member nor the feature of a view, which is VIEW.FEATURE"
      + Suggestion.phrase(for: name, among: derived.keys.sorted())
  }

  /// Reads a formula whose names are known; without a word where one of them has had its mistake.
  private mutating func addDerived(
    _ member: Int, _ name: String, _ text: String, _ names: [String]
  ) {
    let fields = names.compactMap { name in
      types[.init(name)].map { StreamDeclaration.Field(name: name, type: $0) }
    }
    guard fields.count == names.count else { return }
    let formula: Formula
    let type: FieldType
    do { (formula, type) = try FilterParser.parseFormula(text, fields, limits: .canonical) } catch {
      for problem in error.problems { note(member, "derive", problem.description) }
      return
    }
    if names.isEmpty {
      return note(
        member, "derive", "a derived member is computed from at least one feature, VIEW.FEATURE")
    }
    let written = FilterPrinter.text(formula, fields)
    members[member] = FeatureSet.Member(
      name, derive: written, default: set.members[member].defaultValue)
    let moved = formula.mapFields { columns[.init(fields[$0].name)]! }
    guard set.members[member].defaultValue != nil else { return add(.derived(name), moved, type) }
    guard let value = defaultValue(member, type) else { return }
    add(.derived(name), .call(.coalesce, [moved, .value(value)]), type)
  }
}

extension FeatureSet.Member {
  /// What a formula means by a name.
  enum Name: Hashable {
    case feature(ViewFeature)
    case derived(String)

    init(_ text: String) {
      self = ViewFeature(plain: text).map { .feature($0) } ?? .derived(text)
    }
  }

  var key: Name {
    switch source {
    case .feature(let feature): .feature(feature)
    case .derived(let name, _): .derived(name)
    }
  }
}

extension Value {
  /// The same as a value of a type, where it is one: whole numbers are doubles too, texts of times instants.
  func converted(to type: FieldType) -> Value? {
    switch (self, type) {
    // Minus zero equals zero, so that there is one text for it.
    case (.double(let value), .double): .double(value == 0 ? 0 : value)
    case (.int(let value), .double): Double(exactly: value).map { .double($0) }
    case (.double(let value), .int): Int64(exactly: value).map { .int($0) }
    case (.string(let text), .timestamp): Timestamp(parsing: text).map { .timestamp($0) }
    case (.int(let value), .timestamp): Timestamp(milliseconds: value).map { .timestamp($0) }
    default: self.type == type ? self : nil
    }
  }
}
