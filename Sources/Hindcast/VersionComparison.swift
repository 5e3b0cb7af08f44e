// Two versions of a view held against each other, answer by answer: how many are the same, how far numbers are
// apart, and one answer to look at. Where the answers come from, a join or a served log, is all one.
import FeatureModel

/// What a comparison of two versions found.
public struct VersionComparison: Sendable {
  /// One feature that both versions have.
  public struct Feature: Sendable {
    public let name: String
    /// Answers that both gave.
    public internal(set) var compared = 0
    public internal(set) var same = 0
    /// Answers that only one has, where the other is null.
    public internal(set) var onlyServed = 0
    public internal(set) var onlyOther = 0
    /// Pairs of numbers that differ.
    public internal(set) var numbers = 0
    /// Of these, the sum of what they are apart.
    var distance = 0.0
    /// The pair that is furthest apart, or the first one that differs.
    public internal(set) var example: Example?

    public var differing: Int { compared - same }
    /// How far numbers that differ are apart on average; nil where none do.
    public var meanDistance: Double? { numbers == 0 ? nil : distance / Double(numbers) }
  }

  /// Two answers to one question.
  public struct Example: Hashable, Sendable {
    public let time: Timestamp
    /// The key's parts; nil for a null.
    public let entity: [String?]
    public let served: Value
    public let other: Value
    /// What two numbers are apart; nil for others.
    var distance: Double?
  }

  /// The names of the versions.
  public let served: String
  public let other: String
  public private(set) var features: [Feature]
  /// Features that only one of the two has.
  public let onlyInServed: [String]
  public let onlyInOther: [String]
  /// Answers of the other that were held against one of the version that serves.
  public package(set) var pairs = 0
  /// Those for which the log has no answer of the other kind.
  public package(set) var unpaired = 0

  package init(_ served: RegisteredView, _ other: RegisteredView) {
    self.served = served.declaration.name
    self.other = other.declaration.name
    let (old, new) = (served.declaration.features, other.declaration.features)
    features = old.filter { feature in new.contains { $0.name == feature.name } }
      .map { Feature(name: $0.name) }
    onlyInServed = old.map(\.name).filter { name in !new.contains { $0.name == name } }
    onlyInOther = new.map(\.name).filter { name in !old.contains { $0.name == name } }
  }

  /// Takes a pair of answers in; `entity` is asked for where they are kept as an example.
  package mutating func add(
    _ feature: Int, _ served: Value, _ other: Value, at time: Timestamp,
    entity: () -> [String?]
  ) {
    features[feature].compared += 1
    if served == other {
      features[feature].same += 1
      return
    }
    if served == .null { features[feature].onlyOther += 1 }
    if other == .null { features[feature].onlyServed += 1 }
    var distance: Double?
    if let (left, right) = Self.number(served).flatMap({ left in
      Self.number(other).map { (left, $0) }
    }), (left - right).isFinite {
      distance = abs(left - right)
      features[feature].numbers += 1
      features[feature].distance += abs(left - right)
    }
    let known = features[feature].example
    guard known == nil || (distance ?? -1) > (known?.distance ?? -1) else { return }
    features[feature].example = Example(
      time: time, entity: entity(), served: served, other: other, distance: distance)
  }

  private static func number(_ value: Value) -> Double? {
    switch value {
    case .int(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }
}

extension FeatureStore {
  /// The versions that a comparison is of: one by its number, and the one that serves, or `with`.
  package func compared(
    _ version: String, with other: String?
  ) throws(HindcastError) -> (served: RegisteredView, other: RegisteredView) {
    try HindcastError.store { () throws(StoreError) in
      let chosen = try store.view(version)
      let served = try store.view(other ?? VersionName(parsing: version).view)
      guard chosen.id != served.id else {
        throw .invalid("'\(version)' is the version that serves: name another one, as \(version)@2")
      }
      return (served, chosen)
    }
  }

  /// Holds two versions against each other at the rows of a spine file.
  /// - Parameters:
  ///   - version: `sender_history@2`
  ///   - with: nil for the version that serves.
  ///   - request: time, keys and mode; its selections are made here.
  public func compare(
    _ version: String, with: String? = nil, spine: String, _ request: JoinRequest,
    progress: (_ rows: Int, _ fraction: Double?) -> Void = { _, _ in }
  ) throws(HindcastError) -> VersionComparison {
    let (served, other) = try compared(version, with: with)
    var comparison = VersionComparison(served, other)
    let names = comparison.features.map(\.name)
    guard !names.isEmpty else {
      throw .refused("'\(comparison.served)' and '\(comparison.other)' have no feature in common")
    }
    var request = request
    request.selections = [
      FeatureSelection(comparison.served, features: names, prefix: "served "),
      FeatureSelection(comparison.other, features: names, prefix: "other "),
    ]
    let join = try FileJoin(store, spine: spine, request)
    let key = join.keyPlaces
    try join.read(progress: progress) { batch, answers, first in
      for row in 0..<batch.count {
        guard case .timestamp(let time) = batch.columns[0].value(row) else { continue }
        for feature in names.indices {
          comparison.add(
            feature, answers.columns[feature].value(first + row),
            answers.columns[names.count + feature].value(first + row), at: time
          ) {
            key.map { place in
              let value = batch.columns[place].value(row)
              return value == .null ? nil : value.description
            }
          }
        }
        comparison.pairs += 1
      }
    }
    return comparison
  }
}
