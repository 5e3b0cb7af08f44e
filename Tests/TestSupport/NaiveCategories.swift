// Aggregates by category from first principles: the rows of each category by themselves, and of too many
// categories those whose names come first by their hash.
import FeatureModel

/// The map of an aggregation by category.
struct NaiveCategories {
  private let values: [[UInt8]: Value?]
  private let limit: Int

  init(
    of rows: [[Value]], _ stream: StreamDeclaration, _ aggregation: Aggregation,
    _ by: Aggregation.Categories, start: Int64, slice: Int64
  ) {
    limit = Int(by.limit)
    let category = stream.index(of: by.field)!
    let field = aggregation.field.map { stream.index(of: $0)! }
    var groups: [[UInt8]: [[Value]]] = [:]
    for row in rows where row[category] != .null && field.map({ row[$0] == .null }) != true {
      groups[Array(NaiveOracle.text(row[category])!.utf8), default: []].append(row)
    }
    let whole = Aggregation(
      function: aggregation.function, field: aggregation.field, parameters: aggregation.parameters)
    values = groups.mapValues {
      NaiveAggregate(of: $0, stream, whole, start: start, slice: slice).value
    }
  }

  var value: Value {
    if values.isEmpty { return .null }
    let hash = { (name: [UInt8]) in name.withUnsafeBytes(EntityHash.of) }
    let kept = values.keys.sorted { hash($0) < hash($1) }.prefix(limit)
    let members = kept.sorted { $0.lexicographicallyPrecedes($1) }.map { name in
      let key = JSONValue.string(String(decoding: name, as: UTF8.self)).compact
      return "\(key):\(Self.text(values[name]!!))"
    }
    let map = "{\(members.joined(separator: ","))}"
    return .string(values.count > limit ? "{\"sample\":\(map)}" : map)
  }

  private static func text(_ value: Value) -> String {
    switch value {
    case .null: "null"
    case .timestamp: "\"\(value.description)\""
    default: value.description
    }
  }
}
