// What a feature may say beside its function: `where`, which of the view's events count, and `by`, the field
// that tells them apart, with its `limit`.

extension FeatureReader {
  static let shapes = ["where", "by", "limit"]

  /// Those that are known beside a function; where there is a `by`, what is wrong with it is told by itself.
  func shapes(of signature: AggregateSignature, _ node: DeclarationNode) -> [String] {
    signature.categorized.isEmpty && node.member("by") == nil ? ["where"] : Self.shapes
  }

  /// How many categories a value may hold, and how many it does where nothing is said.
  static let limits: ClosedRange<Int64> = 1...1000
  private static let usualLimit: Int64 = 100

  /// Something that may be absent; what was there and is wrong is nil instead of one of these.
  struct Optionally<Value> {
    let value: Value?
  }

  /// The canonical text of the feature's own filter. Without a stream only the form is checked.
  func readFilter(_ node: DeclarationNode) -> Optionally<String>? {
    guard let place = node.member("where") else { return Optionally(value: nil) }
    guard let filter = view.readFilter(place), let stream = view.stream else { return nil }
    return Optionally(value: FilterPrinter.text(filter, stream: stream))
  }

  func readCategories(
    _ signature: AggregateSignature, _ input: (field: String?, type: FieldType?)?,
    _ node: DeclarationNode
  ) -> Optionally<Aggregation.Categories>? {
    // A function may have a parameter of that name for itself.
    let isOwn = signature.parameters.contains { $0.name == "limit" }
    guard let place = node.member("by") else {
      if !isOwn, let limit = node.member("limit") {
        limit.report("'limit' says how many categories 'by' keeps, and there is no 'by'")
        return nil
      }
      return Optionally(value: nil)
    }
    let isPossible = checkCategorized(signature, input, place)
    let limit = readLimit(node)
    guard let name = place.string("the name of a field"), isPossible, let limit,
      checkCategory(name, place)
    else { return nil }
    return Optionally(value: .init(field: name, limit: limit))
  }

  private func checkCategorized(
    _ signature: AggregateSignature, _ input: (field: String?, type: FieldType?)?,
    _ place: DeclarationNode
  ) -> Bool {
    if signature.categorized.isEmpty {
      let others = view.signatures.filter { !$0.categorized.isEmpty }.map(\.name)
      place.report("'\(signature.name)' has no 'by'; these have: \(Suggestion.list(others))")
      return false
    }
    guard let type = input?.type, view.stream != nil, !signature.categorized.contains(type) else {
      return true
    }
    let types = FieldType.allCases.filter(signature.categorized.contains).map(\.rawValue)
    place.report(
      "'\(signature.name)' of a \(type.rawValue) has no 'by'; of \(types.joined(separator: ", ")) it has"
    )
    return false
  }

  private func readLimit(_ node: DeclarationNode) -> Int64? {
    guard let place = node.member("limit") else { return Self.usualLimit }
    if case .int(let value) = place.value.content, Self.limits.contains(value) { return value }
    place.report(
      "a whole number from \(Self.limits.lowerBound) to \(Self.limits.upperBound) expected, not "
        + Self.shown(place.value))
    return nil
  }

  /// The field must have exact values, as an entity's must.
  private func checkCategory(_ name: String, _ place: DeclarationNode) -> Bool {
    guard let stream = view.stream else { return true }
    let fitting = stream.fields.filter { $0.type != .double }.map(\.name)
    guard let index = stream.index(of: name) else {
      place.report(
        "stream '\(stream.name)' has no field '\(name)'\(Suggestion.phrase(for: name, among: fitting))"
      )
      return false
    }
    guard stream.fields[index].type == .double else { return true }
    place.report(
      "'\(name)' is double, and a category needs exact values; these would do: "
        + Suggestion.list(fitting))
    return false
  }
}
