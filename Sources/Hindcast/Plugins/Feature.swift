// One entry of a view's `features`: a name, a function with its field and parameters, and windows. It lowers to
// the member that a declaration file has, so whatever a file can say of a feature can be said here.
import FeatureModel

/// A length of time: a window, a slice, a retention. A text stands for itself, `"36h"`.
public struct Period: Hashable, Sendable, ExpressibleByStringLiteral {
  let text: String

  public init(stringLiteral value: String) { text = value }

  public static func minutes(_ count: Int) -> Period { Period(stringLiteral: "\(count)m") }
  public static func hours(_ count: Int) -> Period { Period(stringLiteral: "\(count)h") }
  public static func days(_ count: Int) -> Period { Period(stringLiteral: "\(count)d") }
  /// All that ever was; a window only.
  public static let lifetime: Period = "lifetime"
  public static func weeks(_ count: Int) -> Period { Period(stringLiteral: "\(count)w") }
}

/// What features are called. `"COMMIT_COUNT"` over 7 and 30 days makes `7d_COMMIT_COUNT` and
/// `30d_COMMIT_COUNT`; a name with `{window}` in it says where the window goes.
public struct FeatureName: Hashable, Sendable, ExpressibleByStringLiteral {
  let template: String

  public init(stringLiteral value: String) {
    template = value.contains("{window}") ? value : "{window}_\(value)"
  }

  /// A name that stands as it is, for a feature of one window.
  public static func exactly(_ name: String) -> FeatureName { FeatureName(template: name) }

  private init(template: String) { self.template = template }
}

/// Features of one function, over one or more windows.
public struct Feature<Event: Sendable>: Sendable {
  typealias Members = @Sendable (EventStream<Event>) -> [(String, JSONValue)]

  let name: String
  /// Nil where they are among the members, as a file's words have them.
  private let windows: [Period]?
  private let members: Members

  init(_ name: String, over windows: [Period]? = nil, _ members: @escaping Members) {
    self.name = name
    self.windows = windows
    self.members = members
  }

  /// A feature in the words of a declaration file, for what has no words here.
  public static func declared(_ name: FeatureName, _ members: [String: JSONValue]) -> Feature {
    let sorted = members.sorted { $0.key < $1.key }
    return Feature(name.template) { _ in sorted.map { ($0.key, $0.value) } }
  }

  /// The same with one more member, as a declaration file has it.
  public func with(_ name: String, _ value: JSONValue) -> Feature {
    adding { _ in (name, value) }
  }

  /// The same with one more member that names a field: `.with("by", field: \.repo)`.
  public func with<Property: FieldValue>(
    _ name: String, field path: FieldPath<Event, Property>
  ) -> Feature {
    adding { (name, .string(FieldReference.path(path).name(in: $0))) }
  }

  /// The same of the events alone for which a condition is true, of those that the view's filter lets through.
  public func `where`(_ condition: Condition<Event>) -> Feature {
    adding { ("where", .string(condition.text($0))) }
  }

  /// The same as a map, with a value for each value of a property.
  /// - Parameter limit: how many values the map holds at most; nil for the function's own bound.
  public func by<Property: FieldValue>(
    _ path: FieldPath<Event, Property>, limit: Int? = nil
  ) -> Feature { by(.path(path), limit) }

  /// The same for a computed field.
  public func by<Property: FieldValue>(
    _ field: Derived<Event, Property>, limit: Int? = nil
  ) -> Feature { by(.name(field.name), limit) }

  private func by(_ field: FieldReference<Event>, _ limit: Int?) -> Feature {
    let split = adding { ("by", .string(field.name(in: $0))) }
    return limit.map { split.with("limit", .int(Int64($0))) } ?? split
  }

  private func adding(
    _ member: @escaping @Sendable (EventStream<Event>) -> (String, JSONValue)
  ) -> Feature {
    Feature(name, over: windows) { [members] in members($0) + [member($0)] }
  }

  /// The members of a declaration file's `features`. A name stands there once: one that several features
  /// have in common is spelled out for each window, which is what it means.
  static func json(
    _ features: [Feature<Event>], in stream: EventStream<Event>
  ) -> [(String, JSONValue)] {
    var uses: [String: Int] = [:]
    for feature in features { uses[feature.name, default: 0] += 1 }
    return features.flatMap { feature in
      guard let windows = feature.windows, !windows.isEmpty, uses[feature.name] != 1 else {
        return [(feature.name, feature.json(over: feature.windows, in: stream))]
      }
      return windows.map { window in
        let name = feature.name.replacing("{window}", with: window.text)
        return (name, feature.json(over: [window], in: stream))
      }
    }
  }

  private func json(over windows: [Period]?, in stream: EventStream<Event>) -> JSONValue {
    let last = windows.map { [("windows", JSONValue.array($0.map { .string($0.text) }))] }
    return .object(members(stream) + (last ?? []))
  }
}

/// Features, one below the other.
@resultBuilder
public enum FeatureBuilder<Event: Sendable> {
  public static func buildExpression(_ feature: Feature<Event>) -> [Feature<Event>] { [feature] }
  public static func buildBlock(_ features: [Feature<Event>]...) -> [Feature<Event>] {
    features.flatMap { $0 }
  }
  public static func buildArray(_ features: [[Feature<Event>]]) -> [Feature<Event>] {
    features.flatMap { $0 }
  }
  public static func buildOptional(_ features: [Feature<Event>]?) -> [Feature<Event>] {
    features ?? []
  }
  public static func buildEither(first features: [Feature<Event>]) -> [Feature<Event>] { features }
  public static func buildEither(second features: [Feature<Event>]) -> [Feature<Event>] { features }
}
