// What recorded answers are about, a view's features or the vector of a set, as a join asks for it again.
import FeatureModel
import Hindcast

struct ReplaySubject {
  /// In reports.
  let name: String
  /// Types of the key's parts: a join takes their texts for any of them.
  let types: [FieldType]
  let request: JoinRequest
  /// For each feature of an answer, its place among the request's columns.
  let places: [Int]
  /// Readers of all views, which say what is kept.
  let admissions: [FeatureReader]

  /// Names that no feature has, so that no column stands in the way of another.
  static func column(_ part: Int) -> String { "key \(part)" }
  static let time = "time of the answer"

  /// - Parameter asked: features in the order of the answers; one may be there twice.
  init(
    _ store: FeatureStore, _ view: RegisteredView, over stream: StreamDeclaration,
    features asked: [String]
  ) throws(StoreError) {
    var features: [String] = []
    for feature in asked where !features.contains(feature) { features.append(feature) }
    name = view.declaration.name
    places = asked.map { features.firstIndex(of: $0)! }
    let scope = view.declaration.scope(of: stream)
    types = view.declaration.entity.map { scope.fields[scope.index(of: $0)!].type }
    admissions = [try store.store.reader(of: name, features: features)]
    var keys: [String: String] = [:]
    for (part, field) in view.declaration.entity.enumerated() { keys[field] = Self.column(part) }
    let selection = FeatureSelection(name, features: features, keys: keys, prefix: "value ")
    request = JoinRequest([selection], time: Self.time)
  }

  init(_ store: FeatureStore, _ set: FeatureSet) throws(StoreError) {
    let fields = try store.keyFields(of: set)
    var types: [String: FieldType] = [:]
    var admissions: [FeatureReader] = []
    for name in set.views {
      let view = try store.store.view(name).declaration
      let scope = view.scope(of: try store.store.stream(view.stream).declaration)
      for field in view.entity {
        let type = scope.fields[scope.index(of: field)!].type
        let spine = set.spineName(of: field, in: name)
        guard types.updateValue(type, forKey: spine) ?? type == type else {
          throw .invalid("feature set '\(set.name)' has a key field '\(spine)' of two types")
        }
      }
      let features = set.reads.filter { $0.view == name }.map(\.feature)
      admissions.append(try store.store.reader(of: name, features: features))
    }
    name = "set \(set.name)"
    self.types = fields.map { types[$0]! }
    self.admissions = admissions
    places = Array(set.members.indices)
    var request = JoinRequest(sets: [set], time: Self.time)
    for (part, field) in fields.enumerated() { request.keys[field] = Self.column(part) }
    self.request = request
  }
}
