// What a new view is made of, in both of its forms: names, fields with their types, and a feature for each
// field that has something to count.
import Hindcast

struct ViewShape {
  struct Field {
    let name: String
    let type: FieldType
    /// In Swift: `linesAdded`.
    let property: String
  }

  /// A feature without its windows: its name, its function, its field.
  struct Feature {
    let name: String
    let function: String
    let field: Field?
    let days: [Int]
  }

  let name: String
  let stream: String
  /// In Swift: `SenderActivity`.
  let type: String
  let fields: [Field]
  let eventTime: Field
  let entity: Field

  init(_ name: String, stream: String?, fields text: String) throws(UsageError) {
    guard Self.isWord(name) else {
      throw UsageError(
        description: "'\(name)' is no name; a letter comes first, then letters, digits and _")
    }
    guard name.lowercased() != "hindcast" else {
      throw UsageError(
        description: "'\(name)' is the name of Hindcast's own package; choose another")
    }
    self.name = name
    self.stream = stream ?? "\(name)_events"
    let type = Self.words(name).map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    self.type = Self.takenTypes.contains(type) ? type + "View" : type
    var fields: [Field] = []
    for part in text.split(separator: ",") {
      let field = try Self.field(String(part))
      guard !fields.contains(where: { $0.property == field.property }) else {
        throw UsageError(description: "--fields: '\(field.name)' is there twice")
      }
      fields.append(field)
    }
    guard let entity = fields.first(where: { $0.type != .double && $0.type != .timestamp }) else {
      throw UsageError(
        description: "--fields: a view needs an entity, a field of type string, int or bool")
    }
    self.entity = entity
    if let time = fields.first(where: { $0.type == .timestamp }) {
      eventTime = time
    } else {
      eventTime = Field(name: "at", type: .timestamp, property: "at")
      guard !fields.contains(where: { $0.property == "at" }) else {
        throw UsageError(description: "--fields: 'at' is the event time; write at:timestamp")
      }
      fields.insert(eventTime, at: 0)
    }
    self.fields = fields
  }

  private static func field(_ text: String) throws(UsageError) -> Field {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, isWord(parts[0]) else {
      throw UsageError(description: "--fields: '\(text)': write NAME:TYPE, as in size:int")
    }
    guard let type = FieldType(rawValue: parts[1]) else {
      let names = FieldType.allCases.map(\.rawValue)
      throw UsageError(
        description: "--fields: there is no type '\(parts[1])'"
          + Suggestion.phrase(for: parts[1], among: names))
    }
    return Field(name: parts[0], type: type, property: property(parts[0]))
  }

  private static func isWord(_ text: String) -> Bool {
    let isLetter = { (scalar: Unicode.Scalar) in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
    return text.unicodeScalars.first.map(isLetter) == true
      && text.unicodeScalars.allSatisfy { isLetter($0) || ("0"..."9").contains($0) || $0 == "_" }
  }

  private static func words(_ name: String) -> [String] {
    name.split(separator: "_").map(String.init)
  }

  private static func property(_ name: String) -> String {
    let words = words(name)
    let first = words.first.map { $0.prefix(1).lowercased() + $0.dropFirst() } ?? ""
    let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    let property = ([first] + rest).joined()
    // A word of the language, or one that the template needs itself.
    return taken.contains(property) ? property + "Field" : property
  }

  private static let taken: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
    "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
    "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return",
    "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while", "stream", "priorCount",
  ]

  /// Types and modules that the template names, or that would hide one that it does.
  private static let takenTypes: Set<String> = [
    "Aggregate", "Any", "Bool", "Condition", "Count", "DecayedCount", "Derived", "Dictionary",
    "Distinct", "Double", "Entity", "EventStream", "Feature", "FeaturePlugin", "FeatureSet",
    "FeatureStore", "FeatureValues", "FeatureView", "Field", "FileManager", "First", "Foundation",
    "Int", "Int64", "Last", "Max", "Mean", "Min", "Period", "Plugin", "Self", "Sendable", "Stddev",
    "String", "Suite", "Sum", "Swift", "Test", "Testing", "Timestamp", "Type", "UUID", "Value",
    "Variance",
  ]

  /// A count of events, and one feature of each other field that has one.
  var features: [Feature] {
    let counted = fields.filter { $0.name != entity.name && $0.name != eventTime.name }
    let ofFields = counted.compactMap { field -> Feature? in
      let upper = field.name.uppercased()
      return switch field.type {
      case .int, .double: Feature(name: "\(upper)_SUM", function: "sum", field: field, days: [30])
      case .string:
        Feature(name: "\(upper)_COUNT", function: "distinct", field: field, days: [30])
      case .bool, .timestamp: nil
      }
    }
    return [Feature(name: "EVENT_COUNT", function: "count", field: nil, days: [7, 30])] + ofFields
  }

  /// Two entities, one event a day each, as rows of a file.
  var sample: [(day: Int, values: [String])] {
    (1...6).map { day in
      let second = day % 3 == 0
      let values = fields.map { field in
        if field.name == eventTime.name { return "2026-01-0\(day)T10:00:00Z" }
        return Self.example(field.type, second: second)
      }
      return (day, values)
    }
  }

  /// A value of a type, as text: the first entity's, or the second's.
  static func example(_ type: FieldType, second: Bool) -> String {
    switch type {
    case .string: second ? "bob" : "ann"
    case .int: second ? "7" : "3"
    case .double: second ? "0.5" : "2.25"
    case .bool: second ? "false" : "true"
    case .timestamp: second ? "2026-01-02T00:00:00Z" : "2026-01-01T00:00:00Z"
    }
  }
}
