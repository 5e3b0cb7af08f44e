// The part of reading that computes: sums, products, signs, calls, and what they stand on. Types are found on
// the way, so that a mistake is told where it stands.

/// What was read, with its type: nil where it is not known, because of a mistake or for want of fields, and
/// for null.
struct FormulaOperand {
  let formula: Formula
  let type: FieldType?
  let place: FilterToken
  /// What it is, where it is nothing but a literal.
  var literal: FilterLiteral?

  init(
    _ formula: Formula, _ type: FieldType?, _ place: FilterToken, literal: FilterLiteral? = nil
  ) {
    self.formula = formula
    self.type = type
    self.place = place
    self.literal = literal
  }

  /// The field, where it is nothing but a field.
  var field: Int? {
    if case .field(let field) = formula { field } else { nil }
  }
}

extension FilterDescent {
  /// - Parameter expecting: what to say where no value begins.
  mutating func sum(expecting reason: String) throws(FilterError) -> FormulaOperand {
    var left = try product(expecting: reason)
    while let function = try accept(["+": .add, "-": .subtract]) {
      let place = tokens[index - 1]
      left = call(function, [left, try product(expecting: Self.valueExpected)], at: place)
    }
    return left
  }

  private static let valueExpected = "a value expected: a field, a number, 'text', a function"

  private mutating func product(expecting reason: String) throws(FilterError) -> FormulaOperand {
    var left = try signed(expecting: reason)
    while let function = try accept(["*": .multiply, "/": .divide, "%": .remainder]) {
      let place = tokens[index - 1]
      left = call(function, [left, try signed(expecting: Self.valueExpected)], at: place)
    }
    return left
  }

  private mutating func accept(
    _ symbols: [String: FormulaFunction]
  ) throws(FilterError) -> FormulaFunction? {
    guard case .symbol(let text) = token.kind, let function = symbols[text] else { return nil }
    index += 1
    try countOperations(1)
    return function
  }

  /// Long chains are deep trees, and no text may exhaust the stack.
  mutating func countOperations(_ count: Int) throws(FilterError) {
    operations += count
    guard operations <= limits.operations else {
      throw error("a formula has at most \(limits.operations) operations")
    }
  }

  private mutating func signed(expecting reason: String) throws(FilterError) -> FormulaOperand {
    let place = token
    guard accept(.symbol("-")) else { return try primary(expecting: reason) }
    try deeper()
    defer { shallower() }
    let inner = try signed(expecting: Self.valueExpected)
    switch inner.literal {
    case .int(let value) where value != .min: return literal(.int(-value), at: place)
    case .double(let value): return literal(.double(-value), at: place)
    default: return call(.negate, [inner], at: place)
    }
  }

  private mutating func primary(expecting reason: String) throws(FilterError) -> FormulaOperand {
    let place = token
    if let value = FilterLiteral(place.kind) {
      index += 1
      return literal(value, at: place)
    }
    switch place.kind {
    case .name(let name):
      index += 1
      if token.kind == .symbol("(") { return try function(name, at: place) }
      return reference(name, at: place)
    case .number(let text):
      // `7d_N` looks like a number, and is none: where names begin so, it is taken for one of them.
      let known = fields.map { $0.contains { Self.beginsWithDigit($0.name) } } ?? true
      guard known, Self.looksLikeName(text) else {
        throw error("'\(text)' is no number; texts stand in single quotes")
      }
      index += 1
      return reference(text, at: place)
    case .symbol("("):
      index += 1
      let inner = try alternatives()
      guard accept(.symbol(")")) else { throw error("')' expected") }
      return FormulaOperand(inner.formula, inner.type, inner.place, literal: inner.literal)
    case .keyword("null"):
      throw error("nothing equals null; write 'is null' or 'is not null'")
    default: throw error(reason)
    }
  }

  private static func beginsWithDigit(_ name: String) -> Bool {
    name.unicodeScalars.first.map { ("0"..."9").contains($0) } ?? false
  }

  static func looksLikeName(_ text: String) -> Bool {
    text.unicodeScalars.contains { FilterLexer.startsName($0) && $0 != "e" && $0 != "E" }
  }

  /// The name that a token stands for, if it is one; a function's, perhaps.
  static func reference(_ kind: FilterToken.Kind) -> String? {
    switch kind {
    case .name(let name): name
    case .number(let text) where looksLikeName(text): text
    default: nil
    }
  }

  private mutating func reference(_ name: String, at place: FilterToken) -> FormulaOperand {
    var hint: String?
    if index > 1, case .symbol(let sign) = tokens[index - 2].kind,
      Filter.Comparison(rawValue: sign) != nil
    {
      hint = "; is it a text, in single quotes?"
    }
    let field = field(name, at: place, hint)
    return FormulaOperand(.field(field), field < 0 ? nil : fields?[field].type, place)
  }

  private func literal(_ literal: FilterLiteral, at place: FilterToken) -> FormulaOperand {
    switch literal {
    case .int(let value): .init(.value(.int(value)), .int, place, literal: literal)
    case .double(let value): .init(.value(.double(value)), .double, place, literal: literal)
    case .string(let value): .init(.value(.string(value)), .string, place, literal: literal)
    case .bool(let value): .init(.value(.bool(value)), .bool, place, literal: literal)
    }
  }

  /// A call's arguments, its name having been read.
  private mutating func function(
    _ name: String, at place: FilterToken
  ) throws(FilterError) -> FormulaOperand {
    let known = FormulaFunction.names.first { $0.lowercased() == name.lowercased() }
    guard let known else {
      let phrase = Suggestion.phrase(for: name, among: FormulaFunction.names)
      throw FilterError(
        problems: problems
          + [.init(character: place.character, reason: "there is no function '\(name)'\(phrase)")])
    }
    index += 1
    try countOperations(1)
    let function = FormulaFunction(rawValue: known)
    var arguments: [FormulaOperand] = []
    while true {
      arguments.append(try argument(mayBeNull: function == nil || function == .coalesce))
      if accept(.symbol(",")) { continue }
      guard accept(.symbol(")")) else { throw error("',' or ')' expected") }
      break
    }
    let values = function == nil ? arguments.dropFirst() : arguments[...]
    if !values.isEmpty, values.allSatisfy({ $0.formula == .value(.null) }) {
      note("one of the values of '\(known)' must be something else than null", at: place)
    }
    if let function { return call(function, arguments, at: place) }
    return try choice(arguments, at: place)
  }

  private mutating func argument(mayBeNull: Bool) throws(FilterError) -> FormulaOperand {
    let place = token
    if mayBeNull, place.kind == .keyword("null") {
      index += 1
      return FormulaOperand(.value(.null), nil, place)
    }
    return try alternatives()
  }

  private mutating func choice(
    _ arguments: [FormulaOperand], at place: FilterToken
  ) throws(FilterError) -> FormulaOperand {
    guard arguments.count == 3 else {
      note("'if' takes 3 arguments, a condition and two values, not \(arguments.count)", at: place)
      return FormulaOperand(.value(.null), nil, place)
    }
    if let type = arguments[0].type, type != .bool {
      note(
        "'if' asks a condition first, not \(type.rawValue); compare it with something", at: place)
      return FormulaOperand(.value(.null), nil, place)
    }
    let condition = try condition(arguments[0])
    let types = arguments[1...].map(\.type)
    let type = FormulaFunction.common(types)
    if type == nil, !types.contains(nil) {
      let names = types.compactMap { $0?.rawValue }.joined(separator: " and ")
      note("both values of 'if' have one type, not \(names)", at: place)
    }
    return FormulaOperand(
      .choose(condition, arguments[1].formula, arguments[2].formula), type, place)
  }

  private mutating func call(
    _ function: FormulaFunction, _ arguments: [FormulaOperand], at place: FilterToken
  ) -> FormulaOperand {
    let types = arguments.map(\.type)
    let formula = Formula.call(function, arguments.map(\.formula))
    if let complaint = function.complaint(types) {
      note(complaint, at: place)
      return FormulaOperand(formula, nil, place)
    }
    return FormulaOperand(formula, function.result(types), place)
  }
}
