// Tables as declarations: what is read, what is refused, and what stream and view they lower to.
import Aggregates
import FeatureModel
import Testing

@Suite struct TableTests {
  private static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)
  private static let text = """
    {"table": "reputation", "key": {"sender": "string", "org": "int"}, "validFrom": "since",
     "attributes": {"score": "double", "tier": "string"}, "slice": "1h"}
    """

  @Test func `A table keeps its meaning in canonical form`() throws {
    let table = try Self.reader.readTable(Self.text)
    #expect(table.name == "reputation" && table.key.map(\.name) == ["sender", "org"])
    #expect(table.validFrom == "since" && table.attributes.map(\.type) == [.double, .string])
    #expect(try Self.reader.readTable(CanonicalForm.text(table)) == table)
    let list = try Self.reader.readTable(#"{"table": "ips", "key": {"ip": "string"}}"#)
    #expect(CanonicalForm.text(list) == #"{"table":"ips","key":{"ip":"string"},"slice":"15m"}"#)
    #expect(list.view.features.map(\.name) == ["valid_from"])
    #expect(try Self.reader.readTable(CanonicalForm.text(list)) == list)
    #expect(CanonicalForm.digest(list) != CanonicalForm.digest(table))
  }

  @Test func `A table is a stream of its rows and a view of the newest of them`() throws {
    let table = try Self.reader.readTable(Self.text)
    let stream = table.stream
    #expect(
      CanonicalForm.text(stream) == """
        {"stream":"reputation","fields":{"sender":"string","org":"int","since":"timestamp",\
        "row_id":"string","score":"double","tier":"string"},"eventTime":"since","id":"row_id","keep":true}
        """)
    let view = CanonicalForm.text(table.view, over: stream)
    #expect(
      view == """
        {"view":"reputation","stream":"reputation","entity":["sender","org"],"slice":"1h","features":\
        {"since":{"lastTime":true,"windows":["lifetime"]},"score":{"latest":"score","windows":["lifetime"]},\
        "tier":{"latest":"tier","windows":["lifetime"]}}}
        """)
    #expect(try Self.reader.readView(view, over: stream) == table.view)
  }

  @Test
  func
    `Rows get ids of key and time, and those without a time are valid from the first instant`()
    throws
  {
    let table = try Self.reader.readTable(Self.text)
    var file = EventBatch(columns: table.fileFields.map { EventColumn(type: $0.type) })
    let day = Timestamp(parsing: "2026-01-05")!
    file.append([.string("a|b\\c"), .int(-7), .timestamp(day), .double(0.5), .null])
    file.append([.string(""), .int(0), .null, .null, .string("x")])
    let events = table.events(of: file)
    let rows = (0..<2).map { row in events.columns.map { $0.value(row) } }
    #expect(
      rows == [
        [
          .string("a|b\\c"), .int(-7), .timestamp(day),
          .string("a\\|b\\\\c|-7|2026-01-05T00:00:00Z"), .double(0.5), .null,
        ],
        [
          .string(""), .int(0), .timestamp(.earliest), .string("|0|0001-01-01T00:00:00Z"), .null,
          .string("x"),
        ],
      ])
  }

  @Test(arguments: [
    (#"{"table": "t"}"#, "'key' is missing"),
    (#"{"table": "t", "key": {}}"#, "the fields expected"),
    (#"{"table": "t", "key": {"x": "double"}}"#, "$.key.x: 'x' is double, and a key needs exact"),
    (#"{"table": "t", "key": {"x": "strin"}}"#, "did you mean 'string'?"),
    (#"{"table": "t", "key": {"x": "int"}, "attributes": {"x": "int"}}"#, "in the table already"),
    (#"{"table": "t", "key": {"row_id": "int"}}"#, "what the table itself calls its rows by"),
    (
      #"{"table": "t", "key": {"x": "int"}, "attributes": {"row_id": "int"}}"#,
      "what the table itself calls its rows by"
    ),
    (#"{"table": "t", "key": {"valid_from": "int"}}"#, "declare 'validFrom' under another name"),
    (#"{"table": "t", "key": {"x": "int"}, "validFrom": "x"}"#, "part of the key already"),
    (#"{"table": "t", "key": {"x": "int"}, "validFrom": "row_id"}"#, "calls its rows by"),
    (#"{"table": "t", "key": {"x": "int"}, "attributes": {"a b": "int"}}"#, "no feature name"),
    (#"{"table": "t", "key": {"x": "int"}, "atributes": {}}"#, "did you mean 'attributes'?"),
    (#"{"table": "t", "key": {"x": "int"}, "slice": "400d"}"#, "a slice is at most 366d"),
    (#"[{"table": "t", "key": {"x": "int"}}, {"table": "t", "key": {"x": "int"}}]"#, "twice"),
  ])
  func `A mistake is told with its reason`(text: String, reason: String) {
    do {
      _ = try Self.reader.read(text)
      Issue.record("'\(text)' was read")
    } catch { #expect("\(error)".contains(reason), "\(error)") }
  }
}
