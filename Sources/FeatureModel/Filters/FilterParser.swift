// Tokens to a filter, by recursive descent: or < and < not < a test of one field. A mistake in the
// form ends the reading; wrong names and types are collected, so that all of them come out at once.

/// Reads the filter language of declarations: comparisons (`=` `==` `!=` `<>` `<` `<=` `>` `>=`),
/// `in (...)`, `not in (...)`, `is null`, `is not null`, a bool field alone, `and`, `or`, `not`,
/// parentheses. Texts stand in single quotation marks, `''` is one of them inside; field names that
/// are no plain words stand in `"` or backticks. Words of the language may have any case.
public enum FilterParser {
  /// The filter, type-checked against the stream's fields.
  public static func parse(
    _ text: String, stream: StreamDeclaration
  ) throws(FilterError) -> Filter {
    var parser = try FilterDescent(text, fields: stream.fields)
    return try parser.filter()
  }

  /// Looks at the form alone, where the fields are not known yet.
  package static func checkForm(_ text: String) throws(FilterError) {
    var parser = try FilterDescent(text, fields: nil)
    _ = try parser.filter()
  }
}

struct FilterDescent {
  private static let depthLimit = 100

  private let tokens: [FilterToken]
  private var index = 0
  private var depth = 0
  /// Nil where only the form is looked at.
  let fields: [StreamDeclaration.Field]?
  var problems: [FilterError.Problem] = []

  init(_ text: String, fields: [StreamDeclaration.Field]?) throws(FilterError) {
    var lexer = FilterLexer(text)
    tokens = try lexer.tokens()
    self.fields = fields
  }

  mutating func filter() throws(FilterError) -> Filter {
    let filter = try alternatives()
    guard token.kind == .end else { throw error("'and', 'or' or the end expected") }
    guard problems.isEmpty else { throw FilterError(problems: problems) }
    return filter
  }

  private mutating func alternatives() throws(FilterError) -> Filter {
    var parts = [try conjunction()]
    while accept(.keyword("or")) { parts.append(try conjunction()) }
    return Filter.anyOf(parts)
  }

  private mutating func conjunction() throws(FilterError) -> Filter {
    var parts = [try negation()]
    while accept(.keyword("and")) { parts.append(try negation()) }
    return Filter.allOf(parts)
  }

  private mutating func negation() throws(FilterError) -> Filter {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw error("nested more than \(Self.depthLimit) deep") }
    if accept(.keyword("not")) { return try negation().negated }
    guard accept(.symbol("(")) else { return try test() }
    let inner = try alternatives()
    guard accept(.symbol(")")) else { throw error("')' expected") }
    return inner
  }

  /// One field and what is asked of it.
  private mutating func test() throws(FilterError) -> Filter {
    let place = token
    guard case .name(let name) = place.kind else {
      throw error("a field name expected; a test begins with the field, as in \(example)")
    }
    index += 1
    let field = field(name, at: place)
    if accept(.keyword("is")) {
      let negated = accept(.keyword("not"))
      guard accept(.keyword("null")) else { throw error("'null' or 'not null' must follow 'is'") }
      return negated ? .not(.isNull(field: field)) : .isNull(field: field)
    }
    if accept(.keyword("not")) {
      guard accept(.keyword("in")) else { throw error("'in' must follow this 'not'") }
      return .not(.contained(field: field, in: try list(for: field)))
    }
    if accept(.keyword("in")) { return .contained(field: field, in: try list(for: field)) }
    guard let comparison = comparison() else { return try bare(field, name, at: place) }
    let operation = tokens[index - 1]
    let literal = try literal(for: field)
    check(comparison, fits: field, at: operation)
    return .compare(field: field, comparison, literal)
  }

  private mutating func comparison() -> Filter.Comparison? {
    guard case .symbol(let text) = token.kind, let result = Filter.Comparison(rawValue: text) else {
      return nil
    }
    index += 1
    return result
  }

  private mutating func list(for field: Int) throws(FilterError) -> [Value] {
    guard accept(.symbol("(")) else { throw error("'(' must follow 'in'") }
    var values = [try literal(for: field)]
    while accept(.symbol(",")) { values.append(try literal(for: field)) }
    guard accept(.symbol(")")) else { throw error("',' or ')' expected") }
    return Filter.normalized(values)
  }

  private mutating func literal(for field: Int) throws(FilterError) -> Value {
    let place = token
    guard let literal = FilterLiteral(place.kind) else {
      switch place.kind {
      case .keyword("null"): throw error("nothing equals null; write 'is null' or 'is not null'")
      case .number(let text): throw error("'\(text)' is no number; texts stand in single quotes")
      case .name(let name):
        throw error(
          "a field is compared with a value, not a field; is '\(name)' a text, in single quotes?")
      default: throw error("a value expected: a number, 'text', true or false")
      }
    }
    index += 1
    return value(literal, for: field, at: place)
  }

  private var example: String {
    "\(FilterPrinter.name(fields?.first?.name ?? "parents")) is not null"
  }

  private var token: FilterToken { tokens[index] }

  private mutating func accept(_ kind: FilterToken.Kind) -> Bool {
    guard token.kind == kind else { return false }
    index += 1
    return true
  }

  func error(_ reason: String) -> FilterError {
    FilterError(problems: problems + [.init(character: token.character, reason: reason)])
  }
}
