// What the store knows of its streams and views, read once when it is opened and changed only together
// with the records in the `meta` column family.
//
//   key                 value
//   format              the store format's number as text, "1"
//   stream/NAME         canonical declaration
//   view/NAME           {"id": n, "declaration": {...}, "layout": {...}}
//   next-view           the next view id as text
//   seal/NAME           epoch milliseconds of the stream's seal as text
//   floor/NAME          the first slice that the view keeps, as text
import Aggregates
import FeatureModel

/// A stream in the store.
public struct RegisteredStream: Sendable {
  public let declaration: StreamDeclaration
  public let digest: Digest
  /// Nothing arrives before this instant any more; nil before the first seal.
  public internal(set) var seal: Timestamp?
}

/// A view in the store.
public struct RegisteredView: Sendable {
  public let plan: ViewPlan
  public let digest: Digest
  /// What the view was first registered as; the stored columns come from it.
  let layout: ViewDeclaration
  /// Slices before this one are gone; nil where all are kept.
  public internal(set) var floor: Slice?

  public var declaration: ViewDeclaration { plan.declaration }
  public var id: ViewID { plan.id }
}

struct Registry: Sendable {
  static let format = "1"

  var streams: [String: RegisteredStream] = [:]
  var views: [String: RegisteredView] = [:]
  var nextView: UInt32 = 1

  func stream(_ name: String) throws(StoreError) -> RegisteredStream {
    guard let stream = streams[name] else {
      throw .unknownStream(name, known: Array(streams.keys))
    }
    return stream
  }

  func view(_ name: String) throws(StoreError) -> RegisteredView {
    guard let view = views[name] else { throw .unknownView(name, known: Array(views.keys)) }
    return view
  }

  /// The views that read a stream, in the order of their registration.
  func views(of stream: String) -> [RegisteredView] {
    views.values.filter { $0.declaration.stream == stream }.sorted { $0.id < $1.id }
  }
}

/// Records to registry and back.
enum RegistryCodec {
  private static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)

  static func viewRecord(_ view: RegisteredView, over stream: StreamDeclaration) -> String {
    let declaration = CanonicalForm.text(view.declaration, over: stream)
    let layout = CanonicalForm.text(view.layout, over: stream)
    return "{\"id\":\(view.id.number),\"declaration\":\(declaration),\"layout\":\(layout)}"
  }

  /// Builds the registry from all records of `meta`.
  static func read(_ records: [(key: String, value: String)]) throws(StoreError) -> Registry {
    var registry = Registry()
    // "stream/" sorts before "view/", and a view needs its stream.
    for (key, value) in records.sorted(by: { $0.key < $1.key }) {
      do { try read(key, value, into: &registry) } catch let error as StoreError {
        throw error
      } catch {
        throw .damagedMetadata(key: key, reason: "\(error)")
      }
    }
    for (key, value) in records { try readMark(key, value, into: &registry) }
    return registry
  }

  private static func read(_ key: String, _ value: String, into registry: inout Registry) throws {
    if key.hasPrefix("stream/") {
      let stream = try reader.readStream(value)
      registry.streams[stream.name] = RegisteredStream(
        declaration: stream, digest: CanonicalForm.digest(stream), seal: nil)
    } else if key.hasPrefix("view/") {
      let record = try JSONValue.parse(value)
      guard case .int(let id) = record["id"]?.content, let declaration = record["declaration"],
        let layout = record["layout"], case .string(let name) = declaration["stream"]?.content
      else { throw StoreError.damagedMetadata(key: key, reason: "a member is missing") }
      let stream = try registry.stream(name).declaration
      let current = try reader.readView(declaration.compact, over: stream)
      let first = try reader.readView(layout.compact, over: stream)
      registry.views[current.name] = try makeView(
        id: ViewID(number: UInt32(id)), current, layout: first, of: stream)
    }
  }

  private static func readMark(
    _ key: String, _ value: String, into registry: inout Registry
  ) throws(StoreError) {
    let isMark = key == "next-view" || key.hasPrefix("seal/") || key.hasPrefix("floor/")
    guard isMark else { return }
    guard let number = Int64(value) else {
      throw .damagedMetadata(key: key, reason: "'\(value)' is not a number")
    }
    let name = String(key.drop { $0 != "/" }.dropFirst())
    if key == "next-view" { registry.nextView = UInt32(clamping: number) }
    if key.hasPrefix("seal/") { registry.streams[name]?.seal = Timestamp(milliseconds: number) }
    if key.hasPrefix("floor/") { registry.views[name]?.floor = Slice(index: number) }
  }

  static func makeView(
    id: ViewID, _ declaration: ViewDeclaration, layout: ViewDeclaration,
    of stream: StreamDeclaration
  ) throws(StoreError) -> RegisteredView {
    var aggregations: [Aggregation] = []
    for feature in layout.features where !aggregations.contains(feature.aggregation) {
      aggregations.append(feature.aggregation)
    }
    let plan = try ViewPlan(id: id, declaration, of: stream, aggregations: aggregations)
    return RegisteredView(
      plan: plan, digest: CanonicalForm.digest(declaration, over: stream), layout: layout,
      floor: nil)
  }
}
