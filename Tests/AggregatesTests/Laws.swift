// The algebra every partial must obey, as one generic check: any order, any split, any grouping of the same
// events gives an equal value and the same bytes; columns give back what went in.
import Aggregates
import Testing

/// Checks all laws on random permutations and splits of `events`.
func expectLaws<P: Partial>(
  _ neutral: P, _ events: [Event], seed: UInt64, _ location: SourceLocation = #_sourceLocation
) throws {
  var random = Seeded(seed)
  let context: Comment = "seed \(seed)"
  let whole = neutral.absorbing(events)
  let bytes = P.encoded([whole])
  func expectWhole(_ other: P) {
    #expect(other == whole, context, sourceLocation: location)
    #expect(P.encoded([other]) == bytes, context, sourceLocation: location)
  }
  expectWhole(neutral.absorbing(events.shuffled(using: &random)))
  expectWhole(neutral.merging(whole))
  expectWhole(whole.merging(neutral))

  let parts = split(events.shuffled(using: &random), &random).map { neutral.absorbing($0) }
  expectWhole(parts.shuffled(using: &random).reduce(neutral) { $0.merging($1) })
  expectWhole(parts.reversed().reduce(neutral) { $1.merging($0) })
  let (a, b, c) = (parts[0], parts[parts.count / 2], parts[parts.count - 1])
  let aBytes = P.encoded([a])
  #expect(a.merging(b).merging(c) == a.merging(b.merging(c)), context, sourceLocation: location)
  #expect(a.merging(b) == b.merging(a), context, sourceLocation: location)
  #expect(P.encoded([a]) == aBytes, "merging into a copy changed it", sourceLocation: location)
  var emptied = whole
  emptied.reset()
  #expect(emptied == neutral, context, sourceLocation: location)
  #expect(P.encoded([emptied]) == P.encoded([neutral]), context, sourceLocation: location)

  try expectColumn(neutral, parts, &random, context, location)
  expectWhole(try neutral.folding(P.encoded(parts), rows: parts.count, 0..<parts.count))
}

private func expectColumn<P: Partial>(
  _ neutral: P, _ entries: [P], _ random: inout Seeded, _ context: Comment,
  _ location: SourceLocation
) throws {
  let rows = entries.count
  let column = P.encoded(entries)
  let back = try (0..<rows).map { try neutral.folding(column, rows: rows, $0..<$0 + 1) }
  #expect(back == entries, context, sourceLocation: location)
  #expect(P.encoded(back) == column, context, sourceLocation: location)
  for _ in 0..<4 {
    let low = Int.random(in: 0...rows, using: &random)
    let range = low..<Int.random(in: low...rows, using: &random)
    let folded = try neutral.folding(column, rows: rows, range)
    let merged = entries[range].reduce(neutral) { $0.merging($1) }
    #expect(folded == merged, context, sourceLocation: location)
    #expect(P.encoded([folded]) == P.encoded([merged]), context, sourceLocation: location)
  }
}

/// Checks that a part can be taken out again.
func expectInverse<P: InvertiblePartial>(
  _ neutral: P, _ events: [Event], seed: UInt64, _ location: SourceLocation = #_sourceLocation
) {
  var random = Seeded(seed)
  let parts = split(events.shuffled(using: &random), &random).map { neutral.absorbing($0) }
  for part in parts {
    let rest = neutral.absorbing(events.prefix(events.count / 2))
    var both = rest.merging(part)
    both.subtract(part)
    #expect(both == rest, "seed \(seed)", sourceLocation: location)
    #expect(P.encoded([both]) == P.encoded([rest]), "seed \(seed)", sourceLocation: location)
  }
}

/// Between 1 and 12 parts, some of them empty.
func split(_ events: [Event], _ random: inout Seeded) -> [[Event]] {
  var parts = [[Event]](repeating: [], count: Int.random(in: 1...12, using: &random))
  for event in events { parts[Int.random(in: 0..<parts.count, using: &random)].append(event) }
  return parts
}
