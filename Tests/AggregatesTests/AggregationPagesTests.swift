// The reference of the aggregations against the catalogue: the table has every function with what it takes and
// gives, every page has its parameters, its example reads, and its worked value is what comes out.
import Aggregates
import FeatureModel
import Foundation
import Testing

@Suite("The pages of the aggregations say what the catalogue has")
struct AggregationPagesTests {
  private static let reference = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/reference")
  private static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)
  private static let stream = StreamDeclaration(
    name: "mails",
    fields: [
      .init(name: "sender", type: .string), .init(name: "at", type: .timestamp),
      .init(name: "bytes", type: .int), .init(name: "country", type: .string),
      .init(name: "flagged", type: .bool),
    ], eventTime: 1, arrivalTime: nil, id: nil)

  private static func page(_ path: String) throws -> String {
    try String(contentsOf: reference.appending(path: path), encoding: .utf8)
  }

  /// The cells of the lines of a table whose first cell begins so.
  private static func rows(_ text: String, _ start: String) -> [[String]] {
    text.split(separator: "\n").filter { $0.hasPrefix("| \(start)") }.map { line in
      line.split(separator: "|").map { $0.trimmingPrefix(" ").description }
        .map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }
  }

  @Test func theTableHasEveryFunction() throws {
    let rows = Self.rows(try Self.page("aggregations.md"), "[`")
    let names = AggregateCatalog.signatures.map(\.name)
    #expect(
      rows.map { $0[0] }
        == names.sorted { $0.lowercased() < $1.lowercased() }.map { name in
          "[`\(name)`](aggregations/\(name).md)"
        })
    for row in rows {
      let name = String(row[0].dropFirst(2).prefix { $0 != "`" })
      let function = try #require(AggregateCatalog.function(named: name))
      let signature = function.signature
      let types = [FieldType.int, .double, .timestamp, .bool, .string]
        .filter(signature.accepts.contains)
      let fields = types.count == 5 ? "any" : types.map(\.rawValue).joined(separator: ", ")
      #expect(row[1] == (signature.acceptsRows ? "rows, " : "") + fields, "\(name)")
      let results = Set(types.map { signature.result($0) })
      if results.count == 1 { #expect(row[2].hasPrefix(results.first!.rawValue), "\(name)") }
      // What can be taken out again is what stands on sums alone.
      let plan = function.plan(input: types[0], parameters: [:])
      let isSum = plan.partials.allSatisfy { [1, 11].contains($0.make().code) }
      #expect(row[4] == (isSum ? "yes" : "no"), "\(name)")
    }
  }

  @Test(arguments: AggregateCatalog.signatures.map(\.name))
  func aPageIsTrue(name: String) throws {
    let page = try Self.page("aggregations/\(name).md")
    let signature = try #require(AggregateCatalog.function(named: name)).signature
    #expect(page.hasPrefix("# `\(name)`\n"))
    for parameter in signature.parameters {
      let unit = parameter.isLengthOfTime ? " slices" : ""
      let range = "\(parameter.range.lowerBound) to \(parameter.range.upperBound)\(unit)"
      let usual = parameter.defaultValue.map { "\($0)" } ?? "none: has to be given"
      #expect(page.contains("| `\(parameter.name)` | \(range) | \(usual) |"))
    }
    let rows = Self.rows(page, "`")
    #expect(rows.map { $0[0] } == signature.parameters.map { "`\($0.name)`" })
    let blocks = page.components(separatedBy: "```json\n").dropFirst().map { block in
      block.components(separatedBy: "\n```")[0]
    }
    try #require(blocks.count == 2)
    let view = #"{"view":"v","stream":"mails","entity":"sender","features":\#(blocks[0])}"#
    let declared = try Self.reader.readView(view, over: Self.stream)
    #expect(declared.features.map(\.aggregation.function) == [name])
    try expectWorked(name, JSONValue.parse(blocks[1]))
  }

  private func expectWorked(_ name: String, _ worked: JSONValue) throws {
    guard case .string(let text)? = worked["type"]?.content, let type = FieldType(rawValue: text),
      case .array(let elements)? = worked["values"]?.content
    else {
      Issue.record("\(name) has no worked value")
      return
    }
    let values = try elements.map { try Self.value($0, type) }
    var parameters: [String: Int64] = [:]
    let signature = AggregateCatalog.function(named: name)!.signature
    for parameter in signature.parameters {
      parameters[parameter.name] = parameter.defaultValue
      switch worked["parameters"]?[parameter.name]?.content {
      case .int(let given)?: parameters[parameter.name] = given
      case .string(let given)?: parameters[parameter.name] = DurationText.milliseconds(given)
      default: break
      }
    }
    var interval: Int64 = 1000
    if case .string(let given)? = worked["interval"]?.content {
      interval = try #require(DurationText.milliseconds(given))
    }
    let result = try FunctionTests.evaluate(
      name, type, values, interval: interval, parameters, start: 10 * interval)
    let wanted = try Self.value(try #require(worked["value"]), signature.result(type))
    #expect(result == wanted, "\(name)")
  }

  private static func value(_ json: JSONValue, _ type: FieldType) throws -> Value {
    switch (json.content, type) {
    case (.null, _): .null
    case (.int(let number), .double): .double(Double(number))
    case (.int(let number), _): .int(number)
    case (.double(let number), _): .double(number)
    case (.bool(let flag), _): .bool(flag)
    case (.string(let text), .timestamp): .timestamp(try #require(Timestamp(parsing: text)))
    case (.string(let text), _): .string(text)
    default: throw Unreadable()
    }
  }

  private struct Unreadable: Error {}
}
