// What the store knows of its streams, views and feature sets, read once when it is opened and changed only
// together with the records in the `meta` column family.
//
//   key                 value
//   format              the store format's number as text, "1"
//   stream/NAME         canonical declaration
//   view/NAME           {"id": n, "declaration": {...}, "layout": {...}}
//   building/NAME       the same of a view whose history is being made, with "until", a number of a kept chunk,
//                       and "floor"
//   standing/NAME       a view's version, and whether it is silent or deprecated, where that is to be told
//   versions/NAME       the latest number that was given to a version of the view, from the second on
//   used/NAME           look-ups of what is deprecated, see `DeprecatedUse`
//   set/NAME            canonical declaration
//   table/NAME          canonical declaration; its stream and its view stand under the same name
//   next-view           the next view id as text
//   seal/NAME           epoch milliseconds of the stream's seal as text
//   floor/NAME          the first slice that the view keeps, as text
//   kept/NAME           what is known of the stream's kept events, {"id": n, "whole": true, "start": null}
//   next-kept           the next number of such a log as text
//   gone/ID             a view whose blocks are being erased, see `GoneViews`
//   audit/NUMBER        what was done to declarations and history, see `Audit`
import Aggregates
import FeatureModel

/// A stream in the store.
public struct RegisteredStream: Sendable {
  public let declaration: StreamDeclaration
  public let digest: Digest
  /// Nothing arrives before this instant any more; nil before the first seal.
  public internal(set) var seal: Timestamp?
  /// The events themselves, where they are kept.
  public internal(set) var kept: KeptLog?
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

/// A view that takes in what comes, while its history is made of kept events. Nobody is answered from it yet.
public struct BuildingView: Sendable {
  public internal(set) var view: RegisteredView
  /// The chunks before this one are its history; all else it takes in itself.
  let until: UInt64
  /// The same of the stream that it joins; 0 where it joins none.
  let joinedUntil: UInt64
  /// Its number among the view's versions.
  var version: UInt32 = 1
}

/// A feature set in the store.
public struct RegisteredSet: Sendable {
  public let declaration: FeatureSet
  public let digest: Digest

  init(_ declaration: FeatureSet) {
    self.declaration = declaration
    digest = CanonicalForm.digest(declaration)
  }
}

struct Registry: Sendable {
  static let format = "1"

  var streams: [String: RegisteredStream] = [:]
  var views: [String: RegisteredView] = [:]
  /// By name; where one of this name serves, it goes on until this takes its place.
  var building: [String: BuildingView] = [:]
  var sets: [String: RegisteredSet] = [:]
  var tables: [String: RegisteredTable] = [:]
  /// Of views that have more to tell than that they serve as they always did.
  var standings: [String: ViewStanding] = [:]
  /// The latest numbers of views that have had more than one version.
  var latestVersions: [String: UInt32] = [:]
  /// By view, or view and feature.
  var uses: [String: DeprecatedUse] = [:]
  var nextView: UInt32 = 1
  var nextKept: UInt32 = 1
  var nextAudit: UInt64 = 1

  func stream(_ name: String) throws(StoreError) -> RegisteredStream {
    guard let stream = streams[name] else {
      throw .unknownStream(name, known: Array(streams.keys))
    }
    return stream
  }

  func view(_ name: String) throws(StoreError) -> RegisteredView {
    if let view = views[name] ?? serving(name) { return view }
    if building[name] != nil { throw .building(view: name) }
    throw .unknownView(name, known: Array(views.keys))
  }

  func set(_ name: String) throws(StoreError) -> RegisteredSet {
    guard let set = sets[name] else { throw .unknownSet(name, known: Array(sets.keys)) }
    return set
  }

  /// The views that take a stream's events in, in the order of their registration; those that are being built
  /// among them.
  func views(of stream: String) -> [RegisteredView] {
    (Array(views.values) + building.values.map(\.view))
      .filter { $0.declaration.stream == stream }.sorted { $0.id < $1.id }
  }
}

/// Records to registry and back.
enum RegistryCodec {
  private static let reader = DeclarationReader(
    signatures: AggregateCatalog.signatures, limits: .canonical)

  static func viewRecord(_ view: RegisteredView, over stream: StreamDeclaration) -> String {
    "{\(viewMembers(view, over: stream))}"
  }

  static func buildingRecord(_ building: BuildingView, over stream: StreamDeclaration) -> String {
    var marks = building.view.floor.map { ",\"floor\":\($0.index)" } ?? ""
    if building.joinedUntil > 0 { marks += ",\"joined\":\(building.joinedUntil)" }
    if building.version > 1 { marks += ",\"version\":\(building.version)" }
    return "{\(viewMembers(building.view, over: stream)),\"until\":\(building.until)\(marks)}"
  }

  private static func viewMembers(
    _ view: RegisteredView, over stream: StreamDeclaration
  ) -> String {
    let declaration = CanonicalForm.text(view.declaration.plain, over: stream)
    let layout = CanonicalForm.text(view.layout.plain, over: stream)
    return "\"id\":\(view.id.number),\"declaration\":\(declaration),\"layout\":\(layout)"
  }

  /// Builds the registry from all records of `meta`.
  static func read(_ records: [(key: String, value: String)]) throws(StoreError) -> Registry {
    var registry = Registry()
    // A view needs its stream.
    let streamsFirst =
      records.filter { $0.key.hasPrefix("stream/") }
      + records.filter { !$0.key.hasPrefix("stream/") }
    for (key, value) in streamsFirst {
      do { try read(key, value, into: &registry) } catch let error as StoreError {
        throw error
      } catch {
        throw .damagedMetadata(key: key, reason: "\(error)")
      }
    }
    for (key, value) in records { try readMark(key, value, into: &registry) }
    try checkSets(registry)
    let ids = (Array(registry.views.values) + registry.building.values.map(\.view)).map(\.id.number)
    guard Set(ids).count == ids.count, ids.allSatisfy({ $0 < registry.nextView }) else {
      throw .damagedMetadata(key: "next-view", reason: "a view's number is given twice")
    }
    return registry
  }

  private static func read(_ key: String, _ value: String, into registry: inout Registry) throws {
    if key.hasPrefix("stream/") {
      let stream = try reader.readStream(value)
      registry.streams[stream.name] = RegisteredStream(
        declaration: stream, digest: CanonicalForm.digest(stream), seal: nil)
    } else if key.hasPrefix("set/") {
      let set = try reader.readSet(value)
      registry.sets[set.name] = RegisteredSet(set)
    } else if key.hasPrefix("table/") {
      let table = try reader.readTable(value)
      registry.tables[table.name] = RegisteredTable(table)
    } else if key.hasPrefix("view/") || key.hasPrefix("building/") {
      let record = try JSONValue.parse(value)
      let isBuilding = key.hasPrefix("building/")
      guard case .int(let number) = record["id"]?.content, let id = UInt32(exactly: number), id > 0,
        let declaration = record["declaration"],
        let layout = record["layout"], case .string(let source) = declaration["stream"]?.content
      else {
        throw StoreError.damagedMetadata(key: key, reason: "a member is missing or out of range")
      }
      let stream = try registry.stream(source).declaration
      let declared = try reader.readView(declaration.compact, over: stream)
      // A version that stands beside the others is told from them by its key alone.
      let name = VersionName(parsing: String(key.drop { $0 != "/" }.dropFirst()))
      let current = name.version == nil ? declared : declared.named(name.description)
      let first = try reader.readView(layout.compact, over: stream)
      var view = try makeView(id: ViewID(number: id), current, layout: first, of: stream)
      guard isBuilding else {
        registry.views[current.name] = view
        return
      }
      guard case .int(let end) = record["until"]?.content, let until = UInt64(exactly: end) else {
        throw StoreError.damagedMetadata(key: key, reason: "'until' is missing or out of range")
      }
      if case .int(let slice) = record["floor"]?.content { view.floor = Slice(index: slice) }
      var joined: UInt64 = 0
      if case .int(let end) = record["joined"]?.content { joined = UInt64(clamping: end) }
      var version: UInt32 = 1
      if case .int(let number) = record["version"]?.content {
        version = UInt32(clamping: max(number, 1))
      }
      registry.building[current.name] = BuildingView(
        view: view, until: until, joinedUntil: joined, version: version)
    }
  }

  /// A view that a set names is never taken away. A feature may be missing: a version that knows no sets let it
  /// go; whoever asks for the set hears of it, and registering the view with the feature brings it back.
  private static func checkSets(_ registry: Registry) throws(StoreError) {
    for (name, set) in registry.sets {
      for view in set.declaration.views
      where registry.views[view] == nil && registry.building[view] == nil {
        throw .damagedMetadata(key: "set/\(name)", reason: "there is no view '\(view)'")
      }
    }
  }

  private static func readMark(
    _ key: String, _ value: String, into registry: inout Registry
  ) throws(StoreError) {
    if key.hasPrefix("kept/") {
      let name = String(key.dropFirst(5))
      guard let log = KeptLog(record: value), registry.streams[name] != nil else {
        throw .damagedMetadata(key: key, reason: "it is no record of kept events")
      }
      registry.streams[name]?.kept = log
      return
    }
    if try readStanding(key, value, into: &registry) { return }
    if key.hasPrefix("audit/") {
      registry.nextAudit = max(registry.nextAudit, (UInt64(key.dropFirst(6)) ?? 0) + 1)
      return
    }
    let isMark =
      key == "next-view" || key == "next-kept" || key.hasPrefix("seal/") || key.hasPrefix("floor/")
    guard isMark else { return }
    guard let number = Int64(value) else {
      throw .damagedMetadata(key: key, reason: "'\(value)' is not a number")
    }
    let name = String(key.drop { $0 != "/" }.dropFirst())
    // Both ends of time can be a seal, and the slice of either a floor.
    let times = Timestamp.earliest.milliseconds...Timestamp.limit.milliseconds
    var fits = true
    if key == "next-view" {
      fits = UInt32(exactly: number) != nil
      registry.nextView = UInt32(clamping: number)
    } else if key == "next-kept" {
      fits = UInt32(exactly: number) != nil
      registry.nextKept = UInt32(clamping: number)
    } else if key.hasPrefix("seal/") {
      fits = times.contains(number) && registry.streams[name] != nil
      registry.streams[name]?.seal = Timestamp(unchecked: number)
    } else if let length = registry.views[name]?.declaration.slice {
      let slices = floorDivide(times.lowerBound, length.milliseconds)...times.upperBound
      fits = slices.contains(number)
      registry.views[name]?.floor = Slice(index: number)
    } else {
      fits = false
    }
    if !fits { throw .damagedMetadata(key: key, reason: "\(value) cannot be") }
  }

  /// The stream as it will be read when the store is opened again; throws where it would not be.
  static func readBack(_ stream: StreamDeclaration) throws(StoreError) -> StreamDeclaration {
    try Self.invalid("stream '\(stream.name)'") {
      guard Set(stream.fields.map(\.name)).count == stream.fields.count,
        [stream.eventTime, stream.arrivalTime ?? 0, stream.id ?? 0]
          .allSatisfy(stream.fields.indices.contains)
      else { throw StoreError.invalid("its fields do not fit together") }
      return try reader.readStream(CanonicalForm.text(stream))
    }
  }

  /// The view as it will be read when the store is opened again; throws where it would not be.
  static func readBack(
    _ view: ViewDeclaration, over stream: StreamDeclaration
  ) throws(StoreError) -> ViewDeclaration {
    let name = view.name
    let view = view.plain
    return try Self.invalid("view '\(name)'") {
      let fields = view.scope(of: stream).fields.indices
      guard view.derived.allSatisfy({ $0.formula.fields.allSatisfy(fields.contains) }) else {
        throw StoreError.invalid("a derived field names a field that the stream does not have")
      }
      if view.filter?.fields.allSatisfy(fields.contains) == false {
        throw StoreError.invalid("its filter names a field that the stream does not have")
      }
      return try reader.readView(CanonicalForm.text(view, over: stream), over: stream).named(name)
    }
  }

  /// The set as it will be read when the store is opened again; throws where it would not be.
  static func readBack(_ set: FeatureSet) throws(StoreError) -> FeatureSet {
    try Self.invalid("feature set '\(set.name)'") {
      try reader.readSet(CanonicalForm.text(set))
    }
  }

  /// The table as it will be read when the store is opened again; throws where it would not be.
  static func readBack(_ table: TableDeclaration) throws(StoreError) -> TableDeclaration {
    try Self.invalid("table '\(table.name)'") {
      try reader.readTable(CanonicalForm.text(table))
    }
  }

  private static func invalid<Result>(
    _ what: String, _ body: () throws -> Result
  ) throws(StoreError) -> Result {
    do { return try body() } catch let error as StoreError {
      throw .invalid("\(what) cannot be registered: \(error)")
    } catch {
      // Its places are those of a text that nobody wrote.
      throw .invalid(
        "\(what) cannot be registered, since its canonical form has a mistake: \(error)")
    }
  }

  static func makeView(
    id: ViewID, _ declaration: ViewDeclaration, layout: ViewDeclaration,
    of stream: StreamDeclaration
  ) throws(StoreError) -> RegisteredView {
    let plan = try ViewPlan(
      id: id, declaration, of: stream, aggregations: ViewPlan.stored(layout))
    return RegisteredView(
      plan: plan, digest: CanonicalForm.digest(declaration.plain, over: stream), layout: layout,
      floor: nil)
  }
}
