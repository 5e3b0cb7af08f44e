// How long a text may be that is made of texts: a multiple of what came in, the same wherever it is computed.
import FeatureModel
import TestSupport
import Testing

@Suite struct LongTextTests {
  static let stream = StreamDeclaration(
    name: "notes",
    fields: [
      .init(name: "at", type: .timestamp), .init(name: "a", type: .string),
      .init(name: "b", type: .string), .init(name: "c", type: .string),
      .init(name: "n", type: .int),
    ],
    eventTime: 0, arrivalTime: nil, id: nil)

  static func view(_ formulas: [String]) throws -> ViewDeclaration {
    var derived: [DerivedField] = []
    for (index, text) in formulas.enumerated() {
      let fields = ViewDeclaration.scope(of: stream, derived).fields
      let (formula, type) = try FilterParser.parseFormula(text, fields)
      derived.append(DerivedField(name: "d\(index)", type: type, formula: formula))
    }
    return ViewDeclaration(
      name: "v", stream: "notes", entity: ["a"], slice: .day, filter: nil, retention: nil,
      features: [], derived: derived)
  }

  static func batch(_ lengths: [[Int?]]) -> EventBatch {
    var batch = EventBatch(stream)
    for row in lengths {
      let texts = row.map { $0.map { Value.string(String(repeating: "x", count: $0)) } ?? .null }
      batch.append([.timestamp(Timestamp(milliseconds: 0)!)] + texts + [.int(7)])
    }
    return batch
  }

  /// The length of the last derived field.
  static func length(_ formulas: [String], _ a: Int, _ b: Int = 1) throws -> Int? {
    let extended = RowDerivation(try view(formulas), of: stream).extend(batch([[a, b, 1]]))
    let column = extended.columns[stream.fields.count + formulas.count - 1]
    guard case .string(let text) = column.value(0) else { return nil }
    return text.utf8.count
  }

  static func times(_ count: Int, _ name: String) -> String {
    "concat(" + Array(repeating: name, count: count).joined(separator: ", ") + ")"
  }

  @Test("a text is at most 1 KiB, or four times the fields that it is made of") func limits() throws
  {
    #expect(try Self.length([Self.times(16, "a")], 64) == 1024)
    #expect(try Self.length([Self.times(13, "a")], 79) == nil)
    #expect(try Self.length([Self.times(4, "a")], 5000) == 20_000)
    #expect(try Self.length([Self.times(5, "a")], 5000) == nil)
    #expect(try Self.length(["concat(a, a, a, a, '!')"], 5000) == nil)
    #expect(try Self.length(["concat(a, a, a, a, b)"], 5000, 10) == 20_010)
    #expect(try Self.length(["replace(a, 'x', 'yyyy')"], 5000) == 20_000)
    #expect(try Self.length(["replace(a, 'x', 'yyyyy')"], 5000) == nil)
    #expect(try Self.length(["replace(a, 'x', 'yyyyy')"], 204) == 1020)
    #expect(try Self.length([Self.times(4, "a")], 1 << 18) == 1 << 20)
    #expect(try Self.length([Self.times(2, "a")], 1 << 19 | 1) == nil)
    // What makes no text longer has no limit.
    #expect(try Self.length(["lower(a)"], 3 << 20) == 3 << 20)
  }

  @Test("what is made step by step is made of the same fields") func steps() throws {
    let doubled = [Self.times(2, "a"), Self.times(2, "d0")]
    #expect(try Self.length(doubled, 5000) == 20_000)
    #expect(try Self.length(doubled + [Self.times(2, "d1")], 5000) == nil)
    // One field counts once, on whatever ways it came.
    #expect(try Self.length([Self.times(3, "a"), "concat(d0, upper(a), '')"], 5000) == 20_000)
    #expect(try Self.length([Self.times(3, "a"), "concat(d0, upper(a), 'x')"], 5000) == nil)
    #expect(try Self.length([Self.times(3, "a"), "concat(d0, upper(a), b)"], 5000) == 20_001)
    #expect(try Self.length(["if(n > 1, a, b)", Self.times(5, "d0")], 5000, 1250) == 25_000)
    #expect(try Self.length(["coalesce(a, b)", Self.times(5, "d0")], 5000, 1249) == nil)
    #expect(try Self.length(["if(b = 'x', a, a)", Self.times(5, "d0")], 5000) == nil)
  }

  @Test(
    "events and rows of a join get what the oracle says, for any rows at a time", arguments: 0..<6)
  func everywhere(seed: UInt64) throws {
    var random = SplitMix64(seed)
    let names = ["a", "b", "c"]
    var formulas: [String] = []
    for index in 0..<5 {
      let known = names + (0..<index).map { "d\($0)" }
      let one = random.pick(known)
      formulas.append(
        random.pick([
          Self.times(2 + random.below(6), one), "concat(\(one), \(random.pick(known)))",
          "replace(\(one), 'x', '\(random.pick(["yy", "yyyyyy"]))')",
          "if(length(\(one)) > 2000, \(one), \(random.pick(known)))",
          "coalesce(\(one), \(random.pick(known)), 'none')", "string(n)",
        ]))
    }
    let view = try Self.view(formulas)
    let lengths = (0..<60).map { _ in
      names.map { _ in
        random.chance(10) ? nil : random.pick([0, 1, 30, 256, 257, 1000, 5000, 300_000])
      }
    }
    let batch = Self.batch(lengths)
    let derivation = RowDerivation(view, of: Self.stream)
    let whole = derivation.extend(batch)
    for (index, field) in view.derived.enumerated() {
      let own = try #require(FieldDerivation(field.name, of: view, over: Self.stream))
      let inputs = own.inputs.map { batch.columns[Self.stream.index(of: $0.name)!] }
      let computed = own.compiled().run(inputs, rows: batch.count)
      let expected = whole.columns[Self.stream.fields.count + index]
      for row in 0..<batch.count {
        #expect(computed.value(row) == expected.value(row), "seed \(seed): \(formulas), \(row)")
      }
    }
    #expect(
      derivation.pieces(of: batch).count > 1
        || whole.columns.allSatisfy { $0.text.count < 64 << 20 })
    for row in 0..<batch.count {
      let fields = ViewDeclaration.scope(of: Self.stream, view.derived).fields
      var values = Self.stream.fields.indices.map { batch.columns[$0].value(row) }
      var sources: [Int: Set<Int>] = [:]
      for field in view.derived {
        let naive = NaiveFormula(values, fields.map(\.type), sources: sources)
        sources[values.count] = naive.sources(of: field.formula)
        values.append(naive.value(field.formula))
        let found = whole.columns[values.count - 1].value(row)
        #expect(found == values.last, "seed \(seed): \(formulas), \(lengths[row])")
      }
    }
    let pieces = derivation.pieces(of: batch, bytes: 2 << 20)
    #expect(pieces.flatMap { Array($0) } == Array(0..<batch.count), "seed \(seed)")
    for piece in pieces where piece.count > 1 {
      let bytes = derivation.extend(batch.part(piece)).columns
        .dropFirst(Self.stream.fields.count).reduce(0) { $0 + $1.text.count }
      #expect(bytes <= 2 << 20, "seed \(seed): \(formulas)")
    }
  }
}
