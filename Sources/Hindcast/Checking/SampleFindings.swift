// What a sample says of a view: filters that let nothing or everything through, fields and keys that are null,
// features that tell nothing apart, bounds that real entities go beyond.
import FeatureModel
import SliceStore

/// Looks through a sample once, after the derived fields were computed.
struct SampleFindings {
  private let view: ViewDeclaration
  private let stream: StreamDeclaration
  private let batch: EventBatch
  /// 1 for the rows that the view counts.
  private let counted: [UInt8]
  private(set) var warnings: [String] = []
  private(set) var notes: [String] = []
  /// Aggregations whose own filter lets nothing through: what they give is no news.
  private var silent: Set<CanonicalText> = []

  /// Shares of rows from which on nulls are a warning, for keys; and a note, for derived fields.
  private static let mostlyNull = 0.5
  /// From so many entities on it means something that all have one value.
  private static let manyEntities = 5
  /// From so many rows on it means something that a filter lets all of them through.
  private static let manyRows = 5

  /// - Parameters:
  ///   - stream: as the view sees it.
  ///   - batch: with the derived fields.
  ///   - filters: the features' own, in the order of `derivation.others`.
  init(
    _ view: ViewDeclaration, _ stream: StreamDeclaration, _ batch: EventBatch,
    _ derivation: RowDerivation, filters: [CanonicalText]
  ) {
    self.view = view
    self.stream = stream
    self.batch = batch
    var counted = [UInt8](repeating: 1, count: batch.count)
    if let filter = derivation.filter { filter.select(batch, into: &counted) }
    self.counted = counted.map { $0 == 1 ? 1 : 0 }
    guard batch.count > 0 else { return }
    lookAtFilter()
    lookAtFilters(filters, derivation)
    for field in view.derived where !view.entity.contains(field.name) { lookAtDerived(field.name) }
    for field in view.entity { lookAtKey(field) }
    lookAtBounds()
  }

  private var rows: String { "the sample's \(batch.count) rows" }

  private mutating func lookAtFilter() {
    guard view.filter != nil else { return }
    if !counted.contains(1) {
      warnings.append("the filter matches none of the sample's rows")
    } else if batch.count >= Self.manyRows, !counted.contains(0) {
      notes.append("the filter lets all of \(rows) through: on this sample it does nothing")
    }
  }

  private mutating func lookAtFilters(_ filters: [CanonicalText], _ derivation: RowDerivation) {
    let all = counted.count { $0 == 1 }
    for (text, filter) in zip(filters, derivation.others) {
      var selected: [UInt8] = []
      filter.select(batch, into: &selected)
      let count = zip(selected, counted).count { $0 == 1 && $1 == 1 }
      let features = view.features.filter { $0.aggregation.filter == text }
      let names = features.map { "'\($0.name)'" }.joined(separator: ", ")
      let which = view.filter == nil ? "" : " that the view counts"
      if count == 0 {
        silent.insert(text)
        warnings.append(
          "the filter '\(text)' of \(names) matches none of the sample's rows\(which)")
      } else if count == all, all >= Self.manyRows {
        notes.append(
          "the filter '\(text)' of \(names) lets all of the sample's \(all) rows\(which) through: on this "
            + "sample it does nothing")
      }
    }
  }

  private func nulls(_ field: String) -> Int {
    let valid = batch.columns[stream.index(of: field)!].valid
    return valid.count { $0 == 0 }
  }

  private mutating func lookAtDerived(_ field: String) {
    let nulls = nulls(field)
    let column = batch.columns[stream.index(of: field)!]
    if nulls == batch.count {
      warnings.append("derived field '\(field)' is null in all of the sample's rows")
    } else if Double(nulls) > Self.mostlyNull * Double(batch.count) {
      notes.append("derived field '\(field)' is null in \(nulls) of \(rows)")
    } else if batch.count >= Self.manyRows, nulls == 0 {
      let first = column.value(0)
      if (1..<batch.count).allSatisfy({ column.value($0) == first }) {
        notes.append("derived field '\(field)' is \(Self.shown(first)) in all of \(rows)")
      }
    }
  }

  private mutating func lookAtKey(_ field: String) {
    let nulls = nulls(field)
    if nulls == 0 { return }
    if nulls == batch.count {
      warnings.append("key field '\(field)' is null in all of the sample's rows")
      return
    }
    let text = "key field '\(field)' is null in \(nulls) of \(rows): these belong to no entity"
    if Double(nulls) > Self.mostlyNull * Double(batch.count) {
      warnings.append(text)
    } else {
      notes.append(text)
    }
  }

  static func shown(_ value: Value) -> String {
    switch value {
    case .null: "null"
    case .string(let text): "'\(text)'"
    default: value.description
    }
  }
}

// Bounds and answers.
extension SampleFindings {
  /// Functions that keep distinct values up to a bound, whose answers are of another kind beyond it.
  private mutating func lookAtBounds() {
    let fields = view.entity.compactMap { stream.index(of: $0) }
    for feature in view.features where feature.derivation == nil {
      guard let bound = Self.bound(feature.aggregation), let column = stream.index(of: bound.field)
      else { continue }
      let most = mostDistinct(batch.columns[column], fields, within: feature.window)
      guard most > bound.limit else { continue }
      let time = feature.window == .lifetime ? "" : " within \(feature.window.label)"
      notes.append(
        "one entity of the sample has \(most) values of '\(bound.field)'\(time); beyond \(bound.limit) "
          + "(\(bound.name)) \(bound.meaning): '\(feature.name)'")
    }
  }

  private static func bound(
    _ aggregation: Aggregation
  ) -> (field: String, limit: Int, name: String, meaning: String)? {
    if let by = aggregation.by {
      return (by.field, Int(by.limit), "limit", "only a sample of the categories is told")
    }
    guard let field = aggregation.field else { return nil }
    let given = { Int(aggregation.parameters[$0] ?? 0) }
    switch aggregation.function {
    case "distinct", "distinctRatio":
      return (field, given("exactUpTo"), "exactUpTo", "the number is an estimate")
    case "topK", "valueCounts", "mode", "modeRatio", "entropy":
      return (field, given("keep"), "keep", "only some of the values are known")
    default: return nil
    }
  }

  /// An entity and a stretch of time as long as a window.
  private struct Stretch: Hashable {
    let entity: EntityKey
    let number: Int64
  }

  /// The greatest number of distinct values that one entity has in a stretch as long as a window, among the
  /// rows that count. Stretches lie end to end, so that a window may have a few more.
  private func mostDistinct(_ column: EventColumn, _ fields: [Int], within window: Window) -> Int {
    var seen: [Stretch: Set<Value>] = [:]
    var key: [UInt8] = []
    let times = batch.columns[stream.eventTime]
    for row in 0..<batch.count where counted[row] == 1 && column.valid[row] != 0 {
      guard EntityKeyBuilder.build(batch, fields, row, into: &key),
        case .timestamp(let time) = times.value(row)
      else { continue }
      let slice = view.slice.slice(of: time).index
      let isLife = window == .lifetime
      let number = isLife ? 0 : (Double(slice) / Double(window.slices)).rounded(.down)
      seen[Stretch(entity: EntityKey(bytes: key), number: Int64(number)), default: []]
        .insert(column.value(row))
    }
    return seen.values.map(\.count).max() ?? 0
  }

  /// Features that have one value for all entities that were asked.
  mutating func look(at answers: [[Value]]) {
    guard answers.count >= Self.manyEntities else { return }
    var same: [(value: Value, features: [FeatureDeclaration])] = []
    for (index, feature) in view.features.enumerated() {
      if let filter = feature.aggregation.filter, silent.contains(filter) { continue }
      let value = answers[0][index]
      guard answers.allSatisfy({ $0[index] == value }) else { continue }
      if let place = same.firstIndex(where: { $0.value == value }) {
        same[place].features.append(feature)
      } else {
        same.append((value, [feature]))
      }
    }
    for (value, features) in same {
      notes.append(
        "\(DeclarationAdvice.names(features)) \(features.count == 1 ? "is" : "are") \(Self.shown(value)) for all "
          + "\(answers.count) entities that were asked: nothing is told apart")
    }
  }

  /// Bytes of the longest text of each field.
  var longestTexts: [String: Int] {
    var longest: [String: Int] = [:]
    for (index, field) in stream.fields.enumerated() where field.type == .string {
      let column = batch.columns[index]
      longest[field.name] = (0..<batch.count).map { column.textRange($0).count }.max() ?? 0
    }
    return longest
  }
}
