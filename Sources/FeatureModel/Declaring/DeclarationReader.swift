// JSON to declarations. Two steps, because a view's stream or a set's views may be ones that a store
// knows already: `read` checks all that a text alone can show, `resolve` checks a view's fields and
// types against its stream, and a set's features against their views.

/// A declaration as read from a text.
public enum ParsedDeclaration: Sendable {
  case stream(StreamDeclaration)
  case view(UnresolvedView)
  case set(UnresolvedSet)
  case table(TableDeclaration)
}

/// A view whose form is right and whose fields are still to be checked against its stream.
public struct UnresolvedView: Sendable {
  public let name: String
  /// The name of the stream it needs.
  public let stream: String
  let source: JSONValue
  let path: String
}

/// A feature set whose form is right and whose features are still to be found in their views.
public struct UnresolvedSet: Sendable {
  public let name: String
  /// For each feature that is read, the views that it may be of: one, and more where names have dots in them.
  package let views: [[String]]
  let reading: SetReader.Reading
  let source: JSONValue
  let path: String
}

/// Reads declarations of streams, views and feature sets, with comments and trailing commas, and reports every
/// mistake.
public struct DeclarationReader: Sendable {
  let signatures: [AggregateSignature]
  private let limits: FormulaLimits

  /// - Parameters:
  ///   - signatures: the aggregate functions that views can name.
  ///   - limits: of formulas and filters.
  public init(signatures: [AggregateSignature], limits: FormulaLimits = .written) {
    self.signatures = signatures
    self.limits = limits
  }

  /// One declaration, or an array of them. Views over a stream of the same text, or of `known`, are checked
  /// against it here already, so that all mistakes come out at once. Names must be unique in the text, each
  /// kind apart.
  public func read(
    _ text: UnsafeRawBufferPointer, among known: [StreamDeclaration] = []
  ) throws(DeclarationError) -> [ParsedDeclaration] {
    try read(try DeclarationNode.parse(text), known)
  }

  /// Names of the streams of a text that say nothing of whether events are kept.
  package func streamsWithoutKeep(_ text: UnsafeRawBufferPointer) -> Set<String> {
    guard let value = try? DeclarationNode.parse(text) else { return [] }
    var values = [value]
    if case .array(let elements) = value.content { values = elements }
    let names = values.compactMap { value -> String? in
      let node = DeclarationNode(value, path: "$", collector: ProblemCollector())
      guard isStream(node), node.member("keep") == nil,
        case .string(let name)? = node.member("stream")?.value.content
      else { return nil }
      return name
    }
    return Set(names)
  }

  /// The streams of a text that have no mistakes, for views in other texts; nothing is said of the rest.
  public func streams(_ text: UnsafeRawBufferPointer) -> [StreamDeclaration] {
    guard let value = try? DeclarationNode.parse(text) else { return [] }
    var values = [value]
    if case .array(let elements) = value.content { values = elements }
    return values.compactMap { value in
      let collector = ProblemCollector()
      let node = DeclarationNode(value, path: "$", collector: collector)
      guard isStream(node), let stream = StreamReader.read(node), collector.problems.isEmpty else {
        return nil
      }
      return stream
    }
  }

  /// As `read` on bytes.
  public func read(_ text: String) throws(DeclarationError) -> [ParsedDeclaration] {
    let bytes = Array(text.utf8)
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(DeclarationError) in try read(raw) }
    }
    return try result.get()
  }

  /// The view over a stream, which must be the one that it names.
  public func resolve(
    _ view: UnresolvedView, against stream: StreamDeclaration
  ) throws(DeclarationError) -> ViewDeclaration {
    let collector = ProblemCollector()
    let node = DeclarationNode(view.source, path: view.path, collector: collector)
    if stream.name != view.stream {
      node.member("stream")?.report("the view is over '\(view.stream)', not over '\(stream.name)'")
    }
    let resolved = ViewReader(signatures: signatures, stream: stream, limits: limits).read(node)
    try collector.check()
    return resolved!
  }

  /// The set over all views that it may name: those of the store and those declared beside it.
  public func resolve(
    _ set: UnresolvedSet, against views: [ViewDeclaration]
  ) throws(DeclarationError) -> FeatureSet {
    let collector = ProblemCollector()
    let node = DeclarationNode(set.source, path: set.path, collector: collector)
    let resolved = SetReader(views: SetScope(views), limits: limits).resolve(node)
    try collector.check()
    return resolved!
  }

  /// A text that holds one stream, such as its canonical form.
  public func readStream(_ text: String) throws(DeclarationError) -> StreamDeclaration {
    let declarations = try read(text)
    if declarations.count == 1, case .stream(let stream) = declarations[0] { return stream }
    throw Self.unexpected("one stream expected")
  }

  /// A text that holds one view, such as its canonical form.
  public func readView(
    _ text: String, over stream: StreamDeclaration
  ) throws(DeclarationError) -> ViewDeclaration {
    let declarations = try read(text)
    if declarations.count == 1, case .view(let view) = declarations[0] {
      return try resolve(view, against: stream)
    }
    throw Self.unexpected("one view expected")
  }

  /// A text that holds one set in its canonical form, which needs no views to be understood. Whether
  /// there are such features is not checked.
  public func readSet(_ text: String) throws(DeclarationError) -> FeatureSet {
    let declarations = try read(text)
    if declarations.count == 1, case .set(let set) = declarations[0] {
      let members = set.reading.members.map { $0[0].key }
      let isPlain = set.reading.members.allSatisfy { $0.count == 1 }
      if isPlain, Set(members).count == members.count { return set.reading.set }
    }
    throw Self.unexpected("one feature set in canonical form expected, no feature of it twice")
  }

  /// A text that holds one table, such as its canonical form.
  public func readTable(_ text: String) throws(DeclarationError) -> TableDeclaration {
    let declarations = try read(text)
    if declarations.count == 1, case .table(let table) = declarations[0] { return table }
    throw Self.unexpected("one table expected")
  }

  private static func unexpected(_ reason: String) -> DeclarationError {
    DeclarationError(problems: [.init(path: "$", position: nil, reason: reason)])
  }
}

extension DeclarationReader {
  private func read(
    _ value: JSONValue, _ known: [StreamDeclaration]
  ) throws(DeclarationError) -> [ParsedDeclaration] {
    let collector = ProblemCollector()
    let root = DeclarationNode(value, path: "$", collector: collector)
    var nodes = [root]
    if case .array(let elements) = value.content {
      nodes = elements.enumerated().map {
        DeclarationNode($0.element, path: "$[\($0.offset)]", collector: collector)
      }
      if nodes.isEmpty {
        root.report("nothing is declared; write a stream, a view, a set or a table")
      }
    }
    // Streams first, so that a view may stand before its stream.
    let streams = nodes.map { isStream($0) ? StreamReader.read($0) : nil }
    let tables = nodes.map { isTable($0) ? TableReader.read($0) : nil }
    let declared = streams.compactMap { $0 } + tables.compactMap { $0?.stream }
    var result: [ParsedDeclaration] = []
    for (node, (stream, table)) in zip(nodes, zip(streams, tables)) {
      if let stream {
        result.append(.stream(stream))
      } else if let table {
        result.append(.table(table))
      } else if isView(node), let view = view(node, among: declared + known) {
        result.append(.view(view))
      } else if isSet(node), let set = set(node) {
        result.append(.set(set))
      } else if !isStream(node), !isView(node), !isSet(node), !isTable(node) {
        reportForm(node)
      }
    }
    checkUnique(nodes)
    try collector.check()
    return result
  }

  private func isStream(_ node: DeclarationNode) -> Bool {
    let isOther = ["view", "set", "table"].contains { node.member($0) != nil }
    if node.member("stream") == nil { return node.member("fields") != nil && !isOther }
    return node.member("fields") != nil || !isOther
  }

  private func isView(_ node: DeclarationNode) -> Bool {
    !isStream(node) && node.member("view") != nil
  }

  private func isSet(_ node: DeclarationNode) -> Bool {
    !isStream(node) && !isView(node) && node.member("set") != nil
  }

  private func isTable(_ node: DeclarationNode) -> Bool {
    !isStream(node) && !isView(node) && !isSet(node) && node.member("table") != nil
  }

  private func reportForm(_ node: DeclarationNode) {
    node.report(
      "a declaration expected: an object with 'view' for a view, with 'stream' and 'fields' for a stream, "
        + "with 'set' for a feature set, or with 'table' and 'key' for a table")
  }

  private func view(
    _ node: DeclarationNode, among streams: [StreamDeclaration]
  ) -> UnresolvedView? {
    var stream: StreamDeclaration?
    if case .string(let name)? = node.member("stream")?.value.content {
      stream = streams.first { $0.name == name }
    }
    _ = ViewReader(signatures: signatures, stream: stream, limits: limits).read(node)
    guard case .string(let name)? = node.member("view")?.value.content,
      case .string(let streamName)? = node.member("stream")?.value.content
    else { return nil }
    return UnresolvedView(name: name, stream: streamName, source: node.value, path: node.path)
  }

  private func set(_ node: DeclarationNode) -> UnresolvedSet? {
    guard let reading = SetReader(views: nil, limits: limits).read(node) else { return nil }
    let listed = reading.members.map { $0.compactMap { $0.feature?.view } }
    let derived = reading.set.members.filter { $0.feature == nil }
    let named = FeatureSet(reading.name, derived).views.map { [$0] }
    return UnresolvedSet(
      name: reading.name, views: listed.filter { !$0.isEmpty } + named, reading: reading,
      source: node.value, path: node.path)
  }

  private func checkUnique(_ nodes: [DeclarationNode]) {
    var seen: Set<String> = []
    for node in nodes {
      let kind = isStream(node) ? "stream" : isView(node) ? "view" : isTable(node) ? "table" : "set"
      guard let nameNode = node.member(kind), case .string(let name) = nameNode.value.content else {
        continue
      }
      if !seen.insert("\(kind) \(name)").inserted {
        nameNode.report("the \(kind) '\(name)' is declared twice in this text")
      }
    }
  }
}
