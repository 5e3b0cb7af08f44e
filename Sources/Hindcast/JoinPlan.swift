// A join request held against the store, before any row is seen: which columns of a spine it reads, which
// views at which keys, and what each output column is.
import AsOfJoin
import FeatureModel
import SliceStore

struct JoinPlan: Sendable {
  /// One view at one entity of each row; however many selections ask for it, it is read once.
  struct Source: Sendable {
    let view: ViewPlan
    /// Indices into `fields`, in the order of the view's entity.
    let key: [Int]
    /// Names of all features that are asked of it.
    var features: [String] = []
    /// Of the features.
    var types: [FieldType] = []
  }

  /// A feature of a source.
  struct Read: Hashable, Sendable {
    let source: Int
    /// Among the source's features.
    let place: Int
  }

  /// A feature set of which members are computed.
  struct Vector: Sendable {
    let shape: SetShape
    /// For each of the shape's `reads`.
    let reads: [Read]
  }

  /// One column of answers.
  struct Output: Sendable {
    enum Origin: Sendable {
      case read(Read)
      case computed(vector: Int, member: Int)
    }

    let origin: Origin
    var name: String
    let type: FieldType
    /// The name of its view or set, for where others have the same name.
    let owner: String
  }

  /// The time, the knowledge time where rows have one, and the keys: what is read of a spine, and what is
  /// computed from it.
  private(set) var fields: [StreamDeclaration.Field]
  /// Those that are computed.
  private(set) var derivedKeys: [DerivedKey] = []
  private(set) var sources: [Source] = []
  private(set) var vectors: [Vector] = []
  /// In the order of the request.
  private(set) var outputs: [Output] = []
  /// Indices into `fields`.
  let time = 0
  let known: Int?
  let mode: ReadMode
  private let spine: SpineNames

  /// - Parameter spine: the columns that there are.
  init(
    _ request: JoinRequest, in store: Store, spine: SpineNames = .asked
  ) throws(HindcastError) {
    self.spine = spine
    guard !request.selections.isEmpty || !request.sets.isEmpty else {
      throw .refused("name at least one view to join (--view NAME), or a feature set (--set NAME)")
    }
    fields = [.init(name: request.time, type: .timestamp)]
    mode = request.mode
    if let column = request.knownColumn {
      guard request.mode == .asServed else {
        throw .refused(
          "rows that say themselves what is known ('\(column)') leave no room for another mode")
      }
      known = column == request.time ? 0 : 1
      if known == 1 { fields.append(.init(name: column, type: .timestamp)) }
    } else {
      known = nil
    }
    var prefixes: [String] = []
    for selection in request.selections {
      try add(selection, request.keys, store)
      prefixes += Array(repeating: selection.prefix, count: outputs.count - prefixes.count)
    }
    for set in request.sets { try add(set, request.keys, store) }
    prefixes += Array(repeating: "", count: outputs.count - prefixes.count)
    nameOutputs(prefixes)
    var seen: Set<String> = []
    for output in outputs where !seen.insert(output.name).inserted {
      throw .refused("the feature '\(output.name)' is asked for twice: name it once")
    }
  }

  /// The knowledge of all rows, or their column.
  var knowledge: SpineKnowledge { known.map { .perRow($0) } ?? .all(mode) }

  var names: [String] { outputs.map(\.name) }

  /// Of the fields those that a spine has.
  var reads: [Int] {
    fields.indices.filter { field in
      !derivedKeys.contains { $0.place == field && !$0.mayBeThere }
    }
  }

  private mutating func add(
    _ selection: FeatureSelection, _ keys: [String: String], _ store: Store
  ) throws(HindcastError) {
    let names = keys.merging(selection.keys) { $1 }
    let source = try source(selection.view, store) { names[$0] ?? $0 }
    let known = sources[source].view.features.map(\.declaration)
    for name in selection.features ?? known.map(\.name) {
      guard let feature = known.first(where: { $0.name == name }) else {
        throw .store(.unknownFeature(name, view: selection.view, known: known.map(\.name)))
      }
      outputs.append(
        Output(
          origin: .read(read(feature, of: source)), name: name, type: feature.type,
          owner: selection.view))
    }
  }

  /// The columns of a set, which may be computed from further features.
  private mutating func add(
    _ set: FeatureSet, _ keys: [String: String], _ store: Store
  ) throws(HindcastError) {
    let shape = try HindcastError.store { () throws(StoreError) in try store.shape(of: set) }
    var reads: [Read] = []
    for feature in shape.reads {
      let source = try source(feature.view, store) { field in
        let name = set.spineName(of: field, in: feature.view)
        return keys[name] ?? name
      }
      let declared = sources[source].view.features.map(\.declaration)
        .first { $0.name == feature.feature }
      guard let declared else {
        throw .store(.unknownFeature(feature.feature, view: feature.view, known: []))
      }
      reads.append(read(declared, of: source))
    }
    vectors.append(Vector(shape: shape, reads: reads))
    for (index, member) in shape.declaration.members.enumerated() {
      let origin: Output.Origin =
        if let place = shape.read(of: index) { .read(reads[place]) } else {
          .computed(vector: vectors.count - 1, member: index)
        }
      outputs.append(
        Output(
          origin: origin, name: member.feature?.feature ?? member.name, type: shape.types[index],
          owner: member.feature?.view ?? set.name))
    }
  }

  /// The source for a view at the entity that some columns of the spine name.
  private mutating func source(
    _ name: String, _ store: Store, column: (_ field: String) -> String
  ) throws(HindcastError) -> Int {
    let (view, stream) = try HindcastError.store { () throws(StoreError) in
      let view = try store.view(name)
      return (view.plan, try store.stream(view.declaration.stream).declaration)
    }
    let key = try addKeys(of: view, stream, column)
    if let known = sources.firstIndex(where: { $0.view.declaration.name == name && $0.key == key })
    {
      return known
    }
    sources.append(Source(view: view, key: key))
    return sources.count - 1
  }

  /// Where a feature is among those of its source, one of which it becomes.
  private mutating func read(_ feature: FeatureDeclaration, of source: Int) -> Read {
    if let place = sources[source].features.firstIndex(of: feature.name) {
      return Read(source: source, place: place)
    }
    sources[source].features.append(feature.name)
    sources[source].types.append(feature.type)
    return Read(source: source, place: sources[source].features.count - 1)
  }

  /// The places of a view's key columns, added to `fields` where they are new.
  private mutating func addKeys(
    of plan: ViewPlan, _ stream: StreamDeclaration, _ column: (_ field: String) -> String
  ) throws(HindcastError) -> [Int] {
    let scope = plan.declaration.scope(of: stream)
    return try plan.declaration.entity.map { field throws(HindcastError) in
      let name = column(field)
      let type = scope.fields[scope.index(of: field)!].type
      if name == field, !spine.has(name),
        let derivation = FieldDerivation(field, of: plan.declaration, over: stream)
      {
        return try addDerived(name, derivation, of: plan.declaration.name, column)
      }
      let place = try add(name, type, for: plan.declaration.name)
      // What one view derives and another has as its stream's own is only the same where the spine brings it.
      guard derivedKeys.contains(where: { $0.place == place }) else { return place }
      guard spine == .perRow else { throw Self.lacks(name, plan.declaration.name) }
      derivedKeys.removeAll { $0.place == place }
      return place
    }
  }

  private static func lacks(_ name: String, _ view: String) -> HindcastError {
    .refused(
      "the spine has no column '\(name)', which view '\(view)' needs; another view derives one of that name: join "
        + "them one after the other")
  }

  /// The place of a column, added to `fields` where it is new.
  private mutating func add(
    _ name: String, _ type: FieldType, for view: String
  ) throws(HindcastError) -> Int {
    guard let known = fields.firstIndex(where: { $0.name == name }) else {
      fields.append(.init(name: name, type: type))
      return fields.count - 1
    }
    guard fields[known].type == type else {
      throw .refused(
        "column '\(name)' would have to be \(fields[known].type.rawValue) for one view and "
          + "\(type.rawValue) for '\(view)': join them one after the other")
    }
    return known
  }

  /// The place of a key that is computed from other columns of the spine.
  private mutating func addDerived(
    _ name: String, _ derivation: FieldDerivation, of view: String,
    _ column: (_ field: String) -> String
  ) throws(HindcastError) -> Int {
    if let known = derivedKeys.first(where: { fields[$0.place].name == name }) {
      guard known.derivation == derivation else {
        throw .refused(
          "the spine has no column '\(name)', and views '\(known.view)' and '\(view)' derive it in different "
            + "ways: join them one after the other")
      }
      return known.place
    }
    if let plain = fields.firstIndex(where: { $0.name == name }) {
      guard spine == .perRow else { throw Self.lacks(name, view) }
      return plain
    }
    let missing = derivation.inputs.map { column($0.name) }.filter { !spine.mayHave($0) }
    guard missing.isEmpty else {
      throw .refused(
        "the spine has no column '\(name)', nor '\(missing.joined(separator: "', '"))', from which view '\(view)' "
          + "derives it")
    }
    let place = try add(name, derivation.type, for: view)
    let inputs = try derivation.inputs.map { input throws(HindcastError) in
      try add(column(input.name), input.type, for: view)
    }
    derivedKeys.append(
      DerivedKey(
        place: place, view: view, derivation: derivation, inputs: inputs,
        mayBeThere: spine == .perRow))
    return place
  }

  /// Columns have their features' names: with the view's, or the set's, where two have the same, and with what
  /// the selection puts before them.
  private mutating func nameOutputs(_ prefixes: [String]) {
    let names = outputs.indices.map { prefixes[$0] + outputs[$0].name }
    for index in outputs.indices {
      let isAlone = names.count { $0 == names[index] } == 1
      let output = outputs[index]
      outputs[index].name =
        isAlone ? names[index] : "\(prefixes[index])\(output.owner).\(output.name)"
    }
  }
}
