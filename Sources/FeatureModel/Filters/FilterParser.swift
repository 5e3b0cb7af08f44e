// Tokens to a filter or a formula, by recursive descent: or < and < not < a test < sums < products < signs.
// A mistake in the form ends the reading; wrong names and types are collected, so that all of them come
// out at once.

/// Reads the one language of filters and formulas: comparisons (`=` `==` `!=` `<>` `<` `<=` `>` `>=`),
/// `in (...)`, `not in (...)`, `is null`, `is not null`, a bool field alone, `and`, `or`, `not`,
/// parentheses, and on both sides of a comparison what formulas compute. Texts stand in single quotation
/// marks, `''` is one of them inside; field names that are no plain words stand in `"` or backticks. Words
/// of the language may have any case.
public enum FilterParser {
  /// The filter, type-checked against the stream's fields.
  public static func parse(
    _ text: String, stream: StreamDeclaration, limits: FormulaLimits = .written
  ) throws(FilterError) -> Filter {
    try read(text, stream.fields, limits) { parser throws(FilterError) in try parser.filter() }
  }

  /// Looks at the form alone, where the fields are not known yet.
  package static func checkForm(
    _ text: String, limits: FormulaLimits = .written
  ) throws(FilterError) {
    _ = try read(text, nil, limits) { parser throws(FilterError) in try parser.filter() }
  }

  /// A formula and the type of its values.
  package static func parseFormula(
    _ text: String, _ fields: [StreamDeclaration.Field], limits: FormulaLimits = .written
  ) throws(FilterError) -> (formula: Formula, type: FieldType) {
    try read(text, fields, limits) { parser throws(FilterError) in
      let operand = try parser.formula()
      guard let type = operand.type else {
        throw parser.error("a formula has a type, and null alone has none")
      }
      return (operand.formula, type)
    }
  }

  /// As `checkForm`, for a formula.
  package static func checkFormula(
    _ text: String, limits: FormulaLimits = .written
  ) throws(FilterError) {
    _ = try read(text, nil, limits) { parser throws(FilterError) in try parser.formula() }
  }

  /// The form, and whether there is what it names, where the types of some of these are not known.
  package static func checkFormula(
    _ text: String, among names: [String], limits: FormulaLimits = .written
  ) throws(FilterError) {
    try checkFormula(text, limits: limits)
    var lexer = FilterLexer(text)
    let tokens = try lexer.tokens()
    var problems: [FilterError.Problem] = []
    for (token, next) in zip(tokens, tokens.dropFirst()) {
      guard let name = FilterDescent.reference(token.kind), next.kind != .symbol("("),
        !names.contains(name)
      else { continue }
      problems.append(
        .init(
          character: token.character,
          reason: "there is no field '\(name)'\(Suggestion.phrase(for: name, among: names))"))
    }
    if !problems.isEmpty { throw FilterError(problems: problems) }
  }

  /// What may nest deeper is read on a stack of its own.
  private static let shallow = 40

  private static func read<Read>(
    _ text: String, _ fields: [StreamDeclaration.Field]?, _ limits: FormulaLimits,
    _ body: (inout FilterDescent) throws(FilterError) -> Read
  ) throws(FilterError) -> Read {
    var parser = try FilterDescent(text, fields: fields, limits)
    if parser.mostNesting <= shallow { return try body(&parser) }
    let result = DeepStack.run {
      Result { () throws(FilterError) in try body(&parser) }
    }
    guard let result else { throw parser.error("there is no thread to read so deep a text") }
    return try result.get()
  }
}

/// How much a text may hold; no text may exhaust the stack.
public struct FormulaLimits: Hashable, Sendable {
  let depth: Int
  let operations: Int

  /// For what is declared. Canonical forms are within it, too, for people declare again what they were shown:
  /// these have parentheses around each operation, one in the other where it is a chain.
  public static let written = Self(depth: 400, operations: 200)
  /// For what is stored, which was within the other.
  package static let canonical = Self(depth: 400, operations: .max)
}

struct FilterDescent {
  let limits: FormulaLimits
  let tokens: [FilterToken]
  var index = 0
  private var depth = 0
  var operations = 0
  /// Nil where only the form is looked at.
  let fields: [StreamDeclaration.Field]?
  var problems: [FilterError.Problem] = []

  init(
    _ text: String, fields: [StreamDeclaration.Field]?, _ limits: FormulaLimits
  ) throws(FilterError) {
    self.limits = limits
    var lexer = FilterLexer(text)
    tokens = try lexer.tokens()
    self.fields = fields
  }

  mutating func filter() throws(FilterError) -> Filter {
    let operand = try alternatives()
    let filter = try condition(operand)
    guard token.kind == .end else { throw error("'and', 'or' or the end expected") }
    guard problems.isEmpty else { throw FilterError(problems: problems) }
    return filter
  }

  mutating func formula() throws(FilterError) -> FormulaOperand {
    let operand = try alternatives()
    guard token.kind == .end else { throw error("an operator or the end expected") }
    guard problems.isEmpty else { throw FilterError(problems: problems) }
    return operand
  }

  mutating func alternatives() throws(FilterError) -> FormulaOperand {
    let first = try conjunction()
    guard token.kind == .keyword("or") else { return first }
    var parts = [try condition(first)]
    while accept(.keyword("or")) {
      let before = operations
      operations = 0
      parts.append(try condition(try conjunction()))
      // A list after a computed value stands as such tests in the canonical form, and is one operation there,
      // too.
      if parts[parts.count - 1].isAnotherValue(than: parts[parts.count - 2]) { operations = 0 }
      try countOperations(before)
    }
    return FormulaOperand(.condition(Filter.anyOf(parts)), .bool, first.place)
  }

  private mutating func conjunction() throws(FilterError) -> FormulaOperand {
    let first = try negation()
    guard token.kind == .keyword("and") else { return first }
    var parts = [try condition(first)]
    while accept(.keyword("and")) { parts.append(try condition(try negation())) }
    return FormulaOperand(.condition(Filter.allOf(parts)), .bool, first.place)
  }

  private mutating func negation() throws(FilterError) -> FormulaOperand {
    try deeper()
    defer { depth -= 1 }
    let place = token
    guard accept(.keyword("not")) else { return try test() }
    let inner = try condition(try negation())
    return FormulaOperand(.condition(inner.negated), .bool, place)
  }

  /// No text nests deeper than it has tokens that begin something.
  var mostNesting: Int {
    tokens.count { token in
      switch token.kind {
      case .symbol("("), .symbol("-"), .keyword("not"): true
      default: false
      }
    }
  }

  mutating func deeper() throws(FilterError) {
    depth += 1
    guard depth <= limits.depth else { throw error("nested more than \(limits.depth) deep") }
  }

  mutating func shallower() { depth -= 1 }

  /// A value, and what is asked of it.
  private mutating func test() throws(FilterError) -> FormulaOperand {
    let left = try sum(
      expecting: "a field name expected; a test begins with the field, as in \(example)")
    let filter: Filter
    if accept(.keyword("is")) {
      let negated = accept(.keyword("not"))
      guard accept(.keyword("null")) else { throw error("'null' or 'not null' must follow 'is'") }
      let isNull = left.field.map { Filter.isNull(field: $0) } ?? .unknown(left.formula)
      filter = negated ? .not(isNull) : isNull
    } else if accept(.keyword("not")) {
      guard accept(.keyword("in")) else { throw error("'in' must follow this 'not'") }
      filter = try membership(of: left).negated
    } else if accept(.keyword("in")) {
      filter = try membership(of: left)
    } else if let comparison = comparison() {
      let operation = tokens[index - 1]
      let right = try sum(expecting: "a value expected: a number, 'text', true or false")
      filter = compare(left, comparison, right, at: operation)
    } else {
      return left
    }
    return FormulaOperand(.condition(filter), .bool, left.place)
  }

  private mutating func membership(of left: FormulaOperand) throws(FilterError) -> Filter {
    if left.literal != nil {
      note(
        "a literal is looked for in a list; before 'in' is a field, or what is computed",
        at: left.place)
    }
    let values = try list(for: left)
    if let field = left.field { return .contained(field: field, in: values) }
    return Filter.anyOf(values.map { .compared(left.formula, .equal, .value($0)) })
  }

  private mutating func comparison() -> Filter.Comparison? {
    guard case .symbol(let text) = token.kind, let result = Filter.Comparison(rawValue: text) else {
      return nil
    }
    index += 1
    return result
  }

  private mutating func list(for operand: FormulaOperand) throws(FilterError) -> [Value] {
    guard accept(.symbol("(")) else { throw error("'(' must follow 'in'") }
    var values = [try literal(for: operand)]
    while accept(.symbol(",")) { values.append(try literal(for: operand)) }
    guard accept(.symbol(")")) else { throw error("',' or ')' expected") }
    return Filter.normalized(values)
  }

  private mutating func literal(for operand: FormulaOperand) throws(FilterError) -> Value {
    let place = token
    guard let literal = FilterLiteral(place.kind) else {
      switch place.kind {
      case .keyword("null"): throw error("nothing equals null; write 'is null' or 'is not null'")
      case .number(let text): throw error("'\(text)' is no number; texts stand in single quotes")
      case .name(let name):
        throw error(
          "a list holds values, not fields; is '\(name)' a text, in single quotes?")
      default: throw error("a value expected: a number, 'text', true or false")
      }
    }
    index += 1
    return value(literal, for: operand, at: place)
  }

  private var example: String {
    "\(FilterPrinter.name(fields?.first?.name ?? "parents")) is not null"
  }

  var token: FilterToken { tokens[index] }

  mutating func accept(_ kind: FilterToken.Kind) -> Bool {
    guard token.kind == kind else { return false }
    index += 1
    return true
  }

  func error(_ reason: String) -> FilterError {
    FilterError(problems: problems + [.init(character: token.character, reason: reason)])
  }
}
