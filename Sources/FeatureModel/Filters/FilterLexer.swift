// A filter's text to tokens. Works on Unicode scalars, so that positions count what people see.

struct FilterToken {
  enum Kind: Equatable {
    /// Lower case: `and`, `or`, `not`, `in`, `is`, `null`, `true`, `false`.
    case keyword(String)
    case name(String)
    case string(String)
    case number(String)
    /// `( ) , = != < <= > >= + - * / %`; `==` and `<>` have become `=` and `!=`.
    case symbol(String)
    case end
  }

  let kind: Kind
  /// Scalars from the start, from 1.
  let character: Int
}

struct FilterLexer {
  static let keywords: Set<String> = ["and", "or", "not", "in", "is", "null", "true", "false"]

  private let scalars: [Unicode.Scalar]
  private var position = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// All tokens, the last of them `.end`.
  mutating func tokens() throws(FilterError) -> [FilterToken] {
    var tokens: [FilterToken] = []
    while true {
      while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
      let start = position
      guard position < scalars.count else {
        tokens.append(FilterToken(kind: .end, character: start + 1))
        return tokens
      }
      tokens.append(
        FilterToken(kind: try token(after: tokens.last?.kind), character: start + 1))
    }
  }

  /// Behind a value a sign is an operator, elsewhere it may belong to a number.
  private static func isValue(_ kind: FilterToken.Kind?) -> Bool {
    switch kind {
    case .name, .string, .number, .symbol(")"), .keyword("null"), .keyword("true"),
      .keyword("false"):
      true
    default: false
    }
  }

  private func beginsNumber(after last: FilterToken.Kind?) -> Bool {
    guard !Self.isValue(last), position + 1 < scalars.count else { return false }
    let next = scalars[position + 1]
    return ("0"..."9").contains(next) || next == "."
  }

  private mutating func token(
    after last: FilterToken.Kind?
  ) throws(FilterError) -> FilterToken.Kind {
    let first = scalars[position]
    switch first {
    case "'": return .string(try quoted(by: "'", "text"))
    case "\"", "`": return .name(try quoted(by: first, "field name"))
    case "0"..."9", ".": return .number(number())
    case "-", "+":
      if beginsNumber(after: last) { return .number(number()) }
      position += 1
      return .symbol(String(first))
    case "(", ")", ",", "=", "<", ">", "!", "*", "/", "%": return .symbol(try symbol())
    default: break
    }
    guard Self.startsName(first) else {
      throw error(
        "'\(first)' means nothing here; quote texts as 'text' and odd field names as `name`")
    }
    // Dots are part of names that begin with a view's.
    let word = take { Self.startsName($0) || ("0"..."9").contains($0) || $0 == "." }
    let lower = word.lowercased()
    return Self.keywords.contains(lower) ? .keyword(lower) : .name(word)
  }

  static func startsName(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }

  private mutating func quoted(
    by quote: Unicode.Scalar, _ what: String
  ) throws(FilterError) -> String {
    let start = position
    position += 1
    var text = String.UnicodeScalarView()
    while position < scalars.count {
      if scalars[position] == quote {
        position += 1
        guard position < scalars.count, scalars[position] == quote else { return String(text) }
      }
      text.append(scalars[position])
      position += 1
    }
    position = start
    throw error("this \(what) has no closing \(quote)")
  }

  /// All that looks like a number; the parser finds out whether it is one.
  private mutating func number() -> String {
    var last: Unicode.Scalar = " "
    // Behind `24h_RATE` a sign is an operator, though an E is before it.
    var hasName = false
    return take { scalar in
      defer {
        hasName = hasName || (Self.startsName(last) && scalar != "-" && scalar != "+")
        hasName = hasName || (Self.startsName(scalar) && scalar != "e" && scalar != "E")
        last = scalar
      }
      let isSign = scalar == "-" || scalar == "+"
      if isSign { return last == " " || ((last == "e" || last == "E") && !hasName) }
      return ("0"..."9").contains(scalar) || scalar == "." || Self.startsName(scalar)
    }
  }

  private mutating func symbol() throws(FilterError) -> String {
    let next = position + 1 < scalars.count ? scalars[position + 1] : " "
    let pair = String(String.UnicodeScalarView([scalars[position], next]))
    switch pair {
    case "==", "<>", "!=", "<=", ">=":
      position += 2
      return pair == "==" ? "=" : pair == "<>" ? "!=" : pair
    default:
      guard scalars[position] != "!" else {
        throw error("'!' stands for nothing; write 'not' or '!='")
      }
      position += 1
      return String(pair.unicodeScalars.first!)
    }
  }

  private mutating func take(while matches: (Unicode.Scalar) -> Bool) -> String {
    var text = String.UnicodeScalarView()
    while position < scalars.count, matches(scalars[position]) {
      text.append(scalars[position])
      position += 1
    }
    return String(text)
  }

  private func error(_ reason: String) -> FilterError {
    FilterError(problems: [.init(character: position + 1, reason: reason)])
  }
}
