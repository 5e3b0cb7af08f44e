// What an answer was an answer to, apart from entity and time: written once into each segment of a served log,
// with a digest of what the features meant, so that a later declaration is told apart from a wrong answer.
import FeatureModel
import Hindcast
import RESP

/// Features of a view in the form in which a connection asked for them, or the vector of a feature set of which
/// members are computed.
public struct ServedQuestion: Hashable, Sendable {
  /// Whether `view` is the name of a set, and `features` are its members.
  public let isSet: Bool
  public let view: String
  /// In the order of the reply; one may be named twice.
  public let features: [String]
  public let shape: AnswerShape
  public let version: ProtocolVersion
  /// Of what the features meant: see `meaning`.
  public let digest: Digest

  package init(
    view: String, features: [String], shape: AnswerShape, version: ProtocolVersion,
    digest: Digest, isSet: Bool = false
  ) {
    self.isSet = isSet
    self.view = view
    self.features = features
    self.shape = shape
    self.version = version
    self.digest = digest
  }

  /// - Parameter features: of the view, in the order of the reply.
  /// - Complexity: O(declaration); to be kept with whatever else is worked out for such a request.
  public init(
    _ view: RegisteredView, over stream: RegisteredStream, features: [String], shape: AnswerShape,
    version: ProtocolVersion
  ) {
    self.init(
      view: view.declaration.name, features: features, shape: shape, version: version,
      digest: Self.meaning(of: features, view.declaration, over: stream.declaration))
  }

  /// The vector of a set.
  public init(
    _ set: RegisteredSet, in store: Store, version: ProtocolVersion
  ) throws(StoreError) {
    self.init(
      view: set.declaration.name, features: set.declaration.members.map(\.name), shape: .values,
      version: version, digest: try Self.meaning(of: set.declaration, in: store), isSet: true)
  }

  /// The digest of what a set means, and of what the features mean that it reads.
  static func meaning(of set: FeatureSet, in store: Store) throws(StoreError) -> Digest {
    var text = CanonicalForm.text(set)
    for name in set.views {
      let view = try store.view(name).declaration
      let stream = try store.stream(view.stream).declaration
      let features = set.reads.filter { $0.view == name }.map(\.feature)
      text += "\n\(meaning(of: features, view, over: stream))"
    }
    return Digest(of: text)
  }

  /// The digest of what the given features of a view mean. Other features of the view, other fields of its
  /// stream and its retention may come and go: they change none of these answers. Nor does the number of a
  /// version, which another may serve without.
  static func meaning(
    of features: [String], _ view: ViewDeclaration, over stream: StreamDeclaration
  ) -> Digest {
    let wanted = features.compactMap { name in view.features.firstIndex { $0.name == name } }
    let asked = FeatureDerivation.closure(of: wanted, view.features).map { view.features[$0] }
    let reduced = ViewDeclaration(
      name: view.plain.name, stream: view.stream, entity: view.entity, slice: view.slice,
      filter: view.filter, retention: nil, features: asked, derived: view.derived,
      join: view.join)
    let scope = view.scope(of: stream).fields
    var fields = Set(view.filter?.fields ?? []).union([stream.eventTime])
    if let arrival = stream.arrivalTime { fields.insert(arrival) }
    let stored = asked.filter { $0.derivation == nil }.map(\.aggregation)
    let named = view.entity + stored.flatMap(\.fields)
    fields.formUnion(named.compactMap { name in scope.firstIndex { $0.name == name } })
    fields.formUnion(view.derived.flatMap(\.formula.fields))
    for aggregation in stored {
      let filter = try? aggregation.filter(over: view.scope(of: stream))
      fields.formUnion(filter?.fields ?? [])
    }
    var text = CanonicalForm.text(reduced, over: stream)
    text += "\n\(stream.fields[stream.eventTime].name)"
    text += "\n\(stream.arrivalTime.map { stream.fields[$0].name } ?? "")"
    let lines = fields.map { "\(scope[$0].name):\(scope[$0].type.rawValue)" }
    for line in lines.sorted() { text += "\n" + line }
    return Digest(of: text)
  }
}
