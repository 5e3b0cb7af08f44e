// Keys that views derive and a spine does not bring: what a join computes for its rows is what the views
// computed for events, whether the rows come in columns, as CSV or as JSON, and some rows bring the key
// themselves.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite("Keys that a join derives")
struct DerivedKeyTests {
  private static let byDomain = """
    { "view": "by_domain", "stream": "mails", "slice": "1d",
      "derive": { "plain": "lower(sender)", "is_big": "size > 3", "domain": "after(plain, '@')" },
      "entity": ["domain", "is_big"],
      "features": { "{window}_N": { "count": true, "windows": ["1d", "30d"] } } }
    """
  /// The same domain, at another place among other derived fields.
  private static let byDomainAlone = """
    { "view": "by_domain_alone", "stream": "mails", "slice": "1d",
      "derive": { "lowered": "lower(sender)", "domain": "after(lowered, '@')", "third": "div(size, 3)" },
      "entity": ["domain"],
      "features": { "{window}_SIZE": { "sum": "size", "windows": ["30d"] } } }
    """
  private static let byThird = """
    { "view": "by_third", "stream": "mails", "slice": "1d", "entity": ["third"],
      "derive": { "third": "div(size, 3)" },
      "features": { "{window}_N": { "count": true, "windows": ["30d"] } } }
    """
  private static let views = [byDomain, byDomainAlone, byThird]

  /// A row of a spine, and what its keys are by plain words of Swift.
  private struct Row {
    let sender: String?
    let size: Int64?
    let day: Int

    var domain: String? {
      guard let sender, let at = sender.firstIndex(of: "@") else { return nil }
      return sender[sender.index(after: at)...].lowercased()
    }
    var isBig: Bool? { size.map { $0 > 3 } }
    var third: Int64? { size.map { $0 / 3 } }
    var at: String { "2026-01-\(day < 10 ? "0" : "")\(day)T12:00:00Z" }

    init(_ random: inout SplitMix64) {
      let senders = ["ann@a.org", "Bob@A.org", "eve@b.org", "@", "nobody", "x@y@z", ""]
      sender = random.chance(8) ? nil : random.pick(senders)
      size = random.chance(8) ? nil : Int64(random.below(12)) - 3
      day = 1 + random.below(28)
    }

    /// With the keys, or without them.
    func values(_ hasKeys: Bool) -> [Value] {
      let fields: [Value] = [
        sender.map { .string($0) } ?? .null, size.map { .int($0) } ?? .null,
        .timestamp(Timestamp(parsing: at)!),
      ]
      guard hasKeys else { return fields }
      return fields + [
        domain.map { .string($0) } ?? .null, isBig.map { .bool($0) } ?? .null,
        third.map { .int($0) } ?? .null,
      ]
    }

    func csv(_ hasKeys: Bool) -> String {
      // A quoted empty cell is a text, an empty one is null.
      func cell(_ text: String?) -> String { text.map { $0.isEmpty ? "\"\"" : $0 } ?? "" }
      let fields = [cell(sender), size.map { "\($0)" } ?? "", at]
      let keys = [cell(domain), isBig.map { "\($0)" } ?? "", third.map { "\($0)" } ?? ""]
      return (fields + (hasKeys ? keys : [])).joined(separator: ",")
    }

    func json(_ hasKeys: Bool) -> String {
      func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
      var members = [
        "\"sender\":\(text(sender))", "\"size\":\(size.map { "\($0)" } ?? "null")",
        "\"when\":\"\(at)\"",
      ]
      if hasKeys {
        members += [
          "\"domain\":\(text(domain))", "\"is_big\":\(isBig.map { "\($0)" } ?? "null")",
          "\"third\":\(third.map { "\($0)" } ?? "null")",
        ]
      }
      return "{\(members.joined(separator: ","))}"
    }
  }

  private static func spine(_ hasKeys: Bool, _ rows: [Row]) -> SpineTable {
    var table =
      hasKeys
      ? SpineTable([
        "sender": .string, "size": .int, "when": .timestamp, "domain": .string, "is_big": .bool,
        "third": .int,
      ]) : SpineTable(["sender": .string, "size": .int, "when": .timestamp])
    table.rows = rows.map { $0.values(hasKeys) }
    return table
  }

  private static func world(_ folder: String, _ random: inout SplitMix64) throws -> World {
    let world = try World(folder, views: views)
    let rows = (0..<300).map { _ in
      let row = Row(&random)
      return "\(row.csv(false)),\(row.at),t0"
    }
    let path = try world.write("mails.csv", ["sender,size,at,seen,topic"] + rows)
    _ = try world.store.ingest(path, into: "mails")
    return world
  }

  private static let request = JoinRequest(
    views: [("by_domain", nil), ("by_domain_alone", nil), ("by_third", nil)], time: "when")

  @Test("Rows without the keys get what rows with them get", arguments: TestRounds.seeds(12))
  func derived(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let world = try Self.world(folder, &random)
      let rows = (0..<random.pick([0, 1, 300, 70_000])).map { _ in Row(&random) }
      let brought = try world.store.join([Self.spine(true, rows).batch], Self.request)
      let lacking = Self.spine(false, rows)
      let cut = random.below(rows.count + 1)
      let derived = try world.store.join(
        [lacking.batch(lacking.rows[..<cut]), lacking.batch(lacking.rows[cut...])], Self.request)
      #expect(derived.names == brought.names && derived.rows == brought.rows, "seed \(seed)")
      #expect(derived.rowsWithoutKey == brought.rowsWithoutKey, "seed \(seed)")
      let differing = (0..<rows.count).first { derived.values($0) != brought.values($0) }
      #expect(differing == nil, "seed \(seed): row \(differing ?? 0)")
      try files(world, Array(rows.prefix(2_000)), brought, &random, seed)
    }
  }

  /// The same as files: the answers are those of the columns, at the end of each line.
  private func files(
    _ world: World, _ rows: [Row], _ brought: JoinAnswers, _ random: inout SplitMix64,
    _ seed: UInt64
  ) throws {
    let header = "sender,size,when"
    let with = try world.write(
      "with.csv", [header + ",domain,is_big,third"] + rows.map { $0.csv(true) })
    let without = try world.write("without.csv", [header] + rows.map { $0.csv(false) })
    _ = try world.store.join(with, to: world.path("a.csv"), Self.request)
    _ = try world.store.join(without, to: world.path("b.csv"), Self.request)
    let (wanted, found) = (try world.text("a.csv"), try world.text("b.csv"))
    func answers(_ text: String) -> [[Substring]] {
      text.split(separator: "\n").map {
        Array($0.split(separator: ",", omittingEmptySubsequences: false).suffix(4))
      }
    }
    #expect(answers(found) == answers(wanted), "seed \(seed)")
    #expect(answers(found).count == rows.count + 1)
    for (row, line) in answers(found).dropFirst().enumerated() {
      let values = brought.values(row).map { $0 == .null ? "" : $0.description }
      #expect(line.map(String.init) == values, "seed \(seed): row \(row)")
    }
    // Of JSON objects each says for itself whether it has the keys.
    // The columns of a CSV output are those of the first.
    let mixed = rows.enumerated().map { $1.json($0 == 0 || random.chance(50)) }
    let json = try world.write("mixed.jsonl", mixed)
    var request = Self.request
    request.outputFormat = .csv
    guard !rows.isEmpty else { return }
    _ = try world.store.join(json, to: world.path("c.csv"), request)
    #expect(answers(try world.text("c.csv")) == answers(wanted), "seed \(seed)")
  }

  @Test("A set's vectors, too, and what a caller has to import is told beforehand")
  func sets() throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(7)
      let world = try Self.world(folder, &random)
      let set = """
        { "set": "model", "features": ["by_domain.30d_N", "by_third.30d_N",
          { "name": "BOTH", "derive": "by_domain.30d_N + by_third.30d_N" }] }
        """
      _ = try world.register([set])
      let rows = (0..<50).map { _ in Row(&random) }
      var request = JoinRequest([], time: "when")
      request.sets = [try world.store.store.set("model").declaration]
      let columns = try world.store.columns(of: request, spine: ["sender", "size", "when"])
      #expect(columns.reads.map(\.name).sorted() == ["sender", "size", "when"])
      #expect(
        try world.store.columns(of: request).reads.map(\.name).sorted()
          == ["domain", "is_big", "third", "when"])
      let brought = try world.store.join([Self.spine(true, rows).batch], request)
      let derived = try world.store.join([Self.spine(false, rows).batch], request)
      for row in rows.indices { #expect(derived.values(row) == brought.values(row)) }
    }
  }

  @Test("What cannot be derived is refused, and says from what it would be")
  func refusals() throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(3)
      let world = try Self.world(folder, &random)
      func refusal(_ names: [String], _ request: JoinRequest = Self.request) -> String {
        do throws(HindcastError) {
          _ = try world.store.columns(of: request, spine: names)
          return "nothing"
        } catch { return "\(error)" }
      }
      #expect(
        refusal(["sender", "when"])
          == "the spine has no column 'is_big', nor 'size', from which view 'by_domain' derives it")
      #expect(refusal(["sender", "when", "size"]) == "nothing")
      // A column that is named is looked for by its name.
      var named = JoinRequest(views: [("by_third", nil)], time: "when")
      named.keys = ["third": "other"]
      let reads = try world.store.columns(of: named, spine: ["size", "when"]).reads
      #expect(reads.map(\.name) == ["when", "other"])
      // One name for two things is only well where the spine brings them.
      let further = [
        """
        { "view": "by_other_domain", "stream": "mails", "slice": "1d", "entity": ["domain"],
          "derive": { "domain": "before(sender, '@')" }, "features": { "1d_N": { "count": true, "windows": ["1d"] } } }
        """,
        """
        { "stream": "sites", "fields": { "domain": "string", "at": "timestamp" }, "eventTime": "at" }
        """,
        """
        { "view": "by_site", "stream": "sites", "slice": "1d", "entity": ["domain"],
          "features": { "1d_SITES": { "count": true, "windows": ["1d"] } } }
        """,
      ]
      _ = try world.register(further)
      for (other, text) in [
        ("by_other_domain", "derive it in different ways"), ("by_site", "another view derives one"),
      ] {
        for views in [["by_domain_alone", other], [other, "by_domain_alone"]] {
          let both = JoinRequest(views: views.map { ($0, nil) }, time: "when")
          #expect(refusal(["sender", "size", "when"], both).contains(text), "\(views)")
          #expect(refusal(["sender", "size", "when", "domain"], both) == "nothing")
        }
      }
      try ownField(world)
    }
  }

  /// A field of a stream is never filled with what another view derives under its name: JSON rows without it
  /// have null there, whichever view is asked for first.
  private func ownField(_ world: World) throws {
    _ = try world.register([
      """
      { "view": "by_site_length", "stream": "sites", "slice": "1d", "entity": ["long"],
        "derive": { "long": "length(domain) > 3" },
        "features": { "1d_LONG": { "count": true, "windows": ["1d"] } } }
      """
    ])
    let rows = ["{\"sender\":\"ann@a.org\",\"size\":1,\"when\":\"2026-01-05T12:00:00Z\"}"]
    let spine = try world.write("own.jsonl", rows)
    for views in [["by_domain_alone", "by_site_length"], ["by_site_length", "by_domain_alone"]] {
      let request = JoinRequest(views: views.map { ($0, nil) }, time: "when")
      let report = try world.store.join(spine, to: world.path("own-out.jsonl"), request)
      #expect(report.rowsWithoutKey == ["by_domain_alone": 1, "by_site_length": 1], "\(views)")
    }
  }
}
