// A JSON value together with its path: reading through it notes a mistake and gives nil, so that
// the readers of declarations and configurations go on to the next part without a word about errors.

package struct DeclarationNode {
  package let value: JSONValue
  package let path: String
  package let collector: ProblemCollector
  /// Where a mistake is shown: the value's own place, or that of its name.
  private let position: TextPosition?

  package init(
    _ value: JSONValue, path: String, collector: ProblemCollector, at position: TextPosition? = nil
  ) {
    self.value = value
    self.path = path
    self.collector = collector
    self.position = position ?? value.position
  }

  /// A text that people write, with comments and trailing commas.
  package static func parse(_ text: UnsafeRawBufferPointer) throws(DeclarationError) -> JSONValue {
    do {
      return try JSONValue.parse(text, options: .declarations)
    } catch {
      let position = TextPosition(of: error.offset, in: text)
      throw DeclarationError(problems: [.init(path: "$", position: position, reason: error.reason)])
    }
  }

  package func report(_ reason: String) {
    collector.problems.append(.init(path: path, position: position, reason: reason))
  }

  /// The text of a string; anything else is a mistake.
  package func string(_ meaning: String) -> String? {
    if case .string(let text) = value.content { return text }
    report("\(meaning) expected, a string, not \(value.kindName)")
    return nil
  }

  /// The members of an object, each at its value.
  package func members(_ meaning: String) -> [(name: String, node: DeclarationNode)]? {
    guard case .object(let members) = value.content else {
      report("\(meaning) expected, an object, not \(value.kindName)")
      return nil
    }
    return members.map { ($0.name, child($0)) }
  }

  /// The elements of an array; a string stands for an array of one.
  package func strings(_ meaning: String) -> [(text: String, node: DeclarationNode)]? {
    switch value.content {
    case .string(let text): return [(text, self)]
    case .array(let elements):
      return elements.enumerated().compactMap { index, element in
        let node = DeclarationNode(element, path: "\(path)[\(index)]", collector: collector)
        return node.string(meaning).map { ($0, node) }
      }
    default:
      report("\(meaning) expected, a string or an array of strings, not \(value.kindName)")
      return nil
    }
  }

  /// The named member, or nil where there is none.
  package func member(_ name: String) -> DeclarationNode? {
    guard case .object(let members) = value.content else { return nil }
    return members.first { $0.name == name }.map(child)
  }

  /// The named member; without it, a mistake that says what belongs there.
  package func required(_ name: String, _ example: String) -> DeclarationNode? {
    if let node = member(name) { return node }
    report("'\(name)' is missing; add \(example)")
    return nil
  }

  /// Members with other names are mistakes.
  package func checkNames(_ valid: [String]) {
    guard case .object(let members) = value.content else { return }
    for member in members where !valid.contains(member.name) {
      let phrase = Suggestion.phrase(for: member.name, among: valid.filter { $0 != "$schema" })
      nameNode(member).report("'\(member.name)' is not known here\(phrase)")
    }
  }

  /// Shows mistakes of a member's name where the name stands.
  package func nameNode(_ member: JSONMember) -> DeclarationNode {
    DeclarationNode(
      member.value, path: Self.path(path, member.name), collector: collector, at: member.position)
  }

  private func child(_ member: JSONMember) -> DeclarationNode {
    DeclarationNode(member.value, path: Self.path(path, member.name), collector: collector)
  }

  /// `$.features."30d_X"`: names that are no plain words are quoted.
  static func path(_ path: String, _ name: String) -> String {
    let isPlain =
      name.unicodeScalars.first.map(FilterLexer.startsName) == true
      && name.unicodeScalars.allSatisfy { FilterLexer.startsName($0) || ("0"..."9").contains($0) }
    return "\(path).\(isPlain ? name : JSONValue.string(name).compact)"
  }
}

// Parts that declarations share.
extension DeclarationNode {
  /// The name of a stream, view or set.
  func declaredName(_ meaning: String) -> String? {
    guard let name = string(meaning) else { return nil }
    if let reason = DeclaredNames.complaint(name) {
      report(reason)
      return nil
    }
    return name
  }

  /// A length of time and its text.
  func duration(_ text: String) -> Int64? {
    if let milliseconds = DurationText.milliseconds(text) { return milliseconds }
    report("'\(text)' is no length of time; write a whole number with m, h, d or w, as in '30d'")
    return nil
  }
}

/// What streams, views, sets and features may be called.
enum DeclaredNames {
  static let longest = 128

  /// For streams, views and sets: they stand in keys, commands and file names.
  static func complaint(_ name: String) -> String? {
    if name.utf8.count > longest { return "a name has at most \(longest) bytes" }
    let isPlain =
      name.unicodeScalars.first.map(FilterLexer.startsName) == true
      && name.unicodeScalars.allSatisfy(isNameScalar)
    return isPlain
      ? nil : "'\(name)' is no name; a letter or _ comes first, then letters, digits, _ . and -"
  }

  /// For features: as for views, but a digit may come first.
  static func featureComplaint(_ name: String) -> String? {
    if name.utf8.count > longest { return "the name '\(name)' has more than \(longest) bytes" }
    return !name.isEmpty && name.unicodeScalars.allSatisfy(isNameScalar)
      ? nil : "'\(name)' is no feature name; it is made of letters, digits, _ . and -"
  }

  /// For fields: anything that a file's header may hold.
  static func fieldComplaint(_ name: String) -> String? {
    if name.isEmpty { return "a field has a name" }
    return name.utf8.count > longest ? "a field's name has at most \(longest) bytes" : nil
  }

  private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    FilterLexer.startsName(scalar) || ("0"..."9").contains(scalar) || scalar == "." || scalar == "-"
  }
}
