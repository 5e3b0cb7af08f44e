// The names that a formula uses, found without knowing what there is: sets look up their features by them, and
// find the order of what is derived from what is derived.

enum FormulaNames {
  /// Each name once, in the order of the text; nothing of a text that is no formula.
  static func names(in text: String) -> [String] {
    var lexer = FilterLexer(text)
    guard let tokens = try? lexer.tokens() else { return [] }
    var names: [String] = []
    for (token, next) in zip(tokens, tokens.dropFirst()) {
      guard let name = name(token.kind), next.kind != .symbol("("), !names.contains(name) else {
        continue
      }
      names.append(name)
    }
    return names
  }

  private static func name(_ kind: FilterToken.Kind) -> String? {
    switch kind {
    case .name(let name): name
    // `7d_N` looks like a number, and is none.
    case .number(let text): FilterDescent.looksLikeName(text) ? text : nil
    default: nil
    }
  }

  /// Some names in an order in which each comes behind those that it needs, and what goes in a circle.
  /// - Parameter needs: for each, those that it names, by their places.
  static func order(_ needs: [[Int]]) -> (order: [Int], circle: [Int]) {
    var order: [Int] = []
    var isDone = needs.map { _ in false }
    while true {
      let ready = needs.indices.filter { place in
        !isDone[place] && needs[place].allSatisfy { isDone[$0] }
      }
      if ready.isEmpty { break }
      for place in ready { isDone[place] = true }
      order += ready
    }
    guard var place = isDone.firstIndex(of: false) else { return (order, []) }
    // Whoever is not done needs another who is not: one step for each leads into a circle.
    for _ in needs { place = needs[place].first { !isDone[$0] }! }
    var circle = [place]
    while let next = needs[circle.last!].first(where: { !isDone[$0] }), next != place {
      circle.append(next)
    }
    return (order, circle)
  }
}
