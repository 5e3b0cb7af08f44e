// Functions `by` a field: one wide partial, a map from each category to what the function needs, and as the
// answer the map as JSON, its categories in the order of their bytes. Of a sample, the whole map is the
// value of "sample", which no category can be mistaken for: the value of a category is never a map.
import FeatureModel

extension Count {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    .categorized("count", input, rows: input == nil, limit, CategorySum(.one)) {
      .int($0.partial.sum.int64Value ?? .max)
    }
  }
}

extension DecayedCount {
  /// Stands on the map of `count`.
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    let neutral = CategoryMap(limit: limit, CategorySum(.one))
    return AggregatePlan(
      partials: Count.categorized(input: input, limit: limit, parameters: [:])?.partials ?? [],
      weighing: { slice in
        let weights = HalfLifeWeights(parameters, slice)
        return { [WeighedCategories(neutral, weights)] }
      },
      reading: { accumulators in
        let sums = accumulators[0] as! WeighedCategories
        return { sums.running.json { .finite($0.partial.sum.doubleValue) } }
      })
  }
}

extension Sum {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    let type = field(input)
    return .categorized("sum", type, limit, CategorySum(type == .double ? .double : .int)) {
      $0.partial.sum.value(type)
    }
  }
}

extension Mean {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    let type = field(input)
    return .categorized("mean", type, limit, CategoryMean(type == .double ? .double : .int)) {
      $0.sum.sum.mean(of: $0.count.sum.int64Value ?? .max)
    }
  }
}

extension Minimum {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    let type = field(input)
    if type == .string { return nil }
    return .categorized("min", type, limit, CategoryLeast(WordOrder(type))) {
      $0.best.ordered.map { WordOrder.value($0, type) } ?? .null
    }
  }
}

extension Maximum {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? {
    let type = field(input)
    if type == .string { return nil }
    return .categorized("max", type, limit, CategoryGreatest(WordOrder(type))) {
      $0.best.ordered.map { WordOrder.value($0, type) } ?? .null
    }
  }
}

extension AggregatePlan {
  fileprivate static func categorized<Kept: CategoryValue>(
    _ name: String, _ input: FieldType?, rows: Bool = false, _ limit: Int, _ neutral: Kept,
    _ value: @escaping @Sendable (Kept) -> Value
  ) -> AggregatePlan {
    let map = CategoryMap(limit: limit, neutral)
    let spec = PartialSpec(
      identity: "\(name)By(\(input?.rawValue ?? "rows"),\(limit))", slot: rows ? .rows : .word,
      width: .wide
    ) { PartialAccumulator(map) }
    return AggregatePlan(partials: [spec]) { accumulators in
      let map = accumulators.partial(0, CategoryMap<Kept>.self)
      return { map.running.json(value) }
    }
  }
}

extension CategoryMap {
  /// The map as canonical JSON; null where there are no categories.
  fileprivate func json(_ value: (Value) -> FeatureModel.Value) -> FeatureModel.Value {
    if members.isEmpty { return .null }
    var bytes: [UInt8] = Array(isSample ? #"{"sample":{"#.utf8 : "{".utf8)
    let sorted = members.sorted { $0.text.lexicographicallyPrecedes($1.text) }
    for (index, member) in sorted.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      member.text.withUnsafeBytes { JSONWriter.append(utf8: $0, to: &bytes) }
      bytes.append(UInt8(ascii: ":"))
      JSONWriter.append(JSONValue(value(member.value)), to: &bytes)
    }
    bytes.append(contentsOf: isSample ? "}}".utf8 : "}".utf8)
    return .text(bytes)
  }
}
