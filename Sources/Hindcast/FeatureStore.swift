// The shared Swift API: a store with everything around it that people work with (declarations as text, row
// files, joins, receipts). The command line, and later the server and the C ABI, are thin layers over it.
import Aggregates
import FeatureModel
import SliceStore

/// A store of features. Any number of threads may read; writes take turns.
public final class FeatureStore: Sendable {
  public let store: Store

  public init(_ store: Store) { self.store = store }

  public static func open(
    _ path: String, _ mode: StoreMode = .existing, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> FeatureStore {
    FeatureStore(try Store.open(at: path, mode, options: options))
  }

  /// The reader of declarations that knows all aggregate functions.
  public static let declarations = DeclarationReader(signatures: AggregateCatalog.signatures)
}

/// One declaration's fate.
public struct RegistrationReport: Sendable {
  public enum Kind: String, Sendable { case stream, view }
  public let kind: Kind
  public let name: String
  public let outcome: Registration
  /// True for a view that was registered after events of its stream were taken in: their files must be
  /// ingested again for this view, which counts nothing twice in the others.
  public let lacksHistory: Bool
}

extension FeatureStore {
  /// Registers all declarations of some texts, streams first. Everything is checked before anything is
  /// registered; views may be over streams of the texts or of the store.
  public func register(
    _ parsed: [ParsedDeclaration]
  ) throws(HindcastError) -> [RegistrationReport] {
    let resolved = try resolve(parsed)
    var reports: [RegistrationReport] = []
    do throws(StoreError) {
      for stream in resolved.streams {
        let outcome = try store.register(stream)
        reports.append(
          RegistrationReport(
            kind: .stream, name: stream.name, outcome: outcome, lacksHistory: false))
      }
      for view in resolved.views {
        let outcome = try store.register(view)
        let lacks = outcome == .registered ? try othersHaveHistory(view) : false
        reports.append(
          RegistrationReport(kind: .view, name: view.name, outcome: outcome, lacksHistory: lacks))
      }
    } catch { throw .store(error) }
    return reports
  }

  /// Views with their streams, every mistake of all of them reported together.
  public func resolve(
    _ parsed: [ParsedDeclaration]
  ) throws(HindcastError) -> (streams: [StreamDeclaration], views: [ViewDeclaration]) {
    var streams: [StreamDeclaration] = []
    for case .stream(let stream) in parsed { streams.append(stream) }
    var known = Dictionary(
      uniqueKeysWithValues: store.streams.map { ($0.declaration.name, $0.declaration) })
    for stream in streams { known[stream.name] = stream }
    var views: [ViewDeclaration] = []
    var problems: [DeclarationError.Problem] = []
    for case .view(let view) in parsed {
      guard let stream = known[view.stream] else {
        let hint = Suggestion.phrase(for: view.stream, among: known.keys.sorted())
        problems.append(
          .init(
            path: "$.stream", position: nil,
            reason: "view '\(view.name)' is over the stream '\(view.stream)', which is neither "
              + "registered nor declared beside it\(hint)"))
        continue
      }
      do throws(DeclarationError) {
        views.append(try Self.declarations.resolve(view, against: stream))
      } catch { problems += error.problems }
    }
    if !problems.isEmpty { throw .declaration(DeclarationError(problems: problems)) }
    return (streams, views)
  }

  private func othersHaveHistory(_ view: ViewDeclaration) throws(StoreError) -> Bool {
    for other in store.views(of: view.stream) where other.declaration.name != view.name {
      if !(try store.positions(in: other.id)).isEmpty { return true }
    }
    return false
  }
}

extension FeatureStore {
  /// The features of one entity. `entity` has one text per key field of the view, in its order.
  public func get(
    _ view: String, entity: [String], at time: Timestamp, _ mode: ReadMode = .asServed,
    features: [String]? = nil
  ) throws(StoreError) -> [(name: String, type: FieldType, value: Value)] {
    let reader = try store.reader(of: view, features: features)
    let values = try reader.answer(try key(entity, of: reader.plan), at: time, mode)
    return zip(reader.features, values).map { index, value in
      let feature = reader.plan.features[index].declaration
      return (feature.name, feature.type, value)
    }
  }

  /// The stored entries behind one feature's value.
  public func explain(
    _ view: String, entity: [String], feature: String, at time: Timestamp,
    _ mode: ReadMode = .asServed
  ) throws(StoreError) -> (value: Value, contributions: [FeatureReader.Contribution]) {
    let reader = try store.reader(of: view, features: [feature], snapshot: store.snapshot())
    let key = try key(entity, of: reader.plan)
    let value = try reader.answer(key, at: time, mode)[0]
    return (value, try reader.explain(0, key, at: time, mode))
  }

  private func key(_ parts: [String], of plan: ViewPlan) throws(StoreError) -> EntityKey {
    let view = plan.declaration
    guard parts.count == view.entity.count else {
      throw .entityParts(view: view.name, expected: view.entity, given: parts.count)
    }
    return EntityKey(parts: parts)
  }
}
