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
    enum Origin: Hashable, Sendable {
      case read(Read)
      case computed(vector: Int, member: Int)
    }

    let origin: Origin
    var name: String
    let type: FieldType
    /// The name of its view or set, for where others have the same name.
    let owner: String
  }

  /// The time, the knowledge time where rows have one, and the keys.
  private var spine: SpineFields
  private(set) var sources: [Source] = []
  private(set) var vectors: [Vector] = []
  /// In the order of the request.
  private(set) var outputs: [Output] = []
  /// Indices into `fields`.
  let time = 0
  let known: Int?
  let mode: ReadMode

  /// - Parameter names: the columns that there are.
  init(
    _ request: JoinRequest, in store: Store, spine names: SpineNames = .asked
  ) throws(HindcastError) {
    guard !request.selections.isEmpty || !request.sets.isEmpty else {
      throw .refused("name at least one view to join (--view NAME), or a feature set (--set NAME)")
    }
    spine = SpineFields(names, time: request.time)
    mode = request.mode
    if let column = request.knownColumn {
      guard request.mode == .asServed else {
        throw .refused(
          "rows that say themselves what is known ('\(column)') leave no room for another mode")
      }
      known = column == request.time ? 0 : 1
      if known == 1 { spine.add(time: column) }
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
    for (index, output) in outputs.enumerated() {
      guard let first = outputs[..<index].first(where: { $0.name == output.name }) else { continue }
      throw .refused(
        first.origin == output.origin
          ? "the feature '\(output.name)' is asked for twice: name it once"
          : "two columns of answers would be named '\(output.name)': choose other features, or give those "
            + "of a view a prefix")
    }
  }

  /// The knowledge of all rows, or their column.
  var knowledge: SpineKnowledge { known.map { .perRow($0) } ?? .all(mode) }

  var names: [String] { outputs.map(\.name) }

  /// What is read of a spine, and what is computed from it.
  var fields: [StreamDeclaration.Field] { spine.fields }
  /// Those that are computed.
  var derivedKeys: [DerivedKey] { spine.derived }
  /// Of the fields those that a spine has.
  var reads: [Int] { spine.reads }

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
    let key = try spine.addKeys(of: view.declaration, over: stream, column)
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

  /// Columns have their features' names: with the view's, or the set's, where two have the same, or a column
  /// has it that is read of the spine, and with what the selection puts before them.
  private mutating func nameOutputs(_ prefixes: [String]) {
    let names = outputs.indices.map { prefixes[$0] + outputs[$0].name }
    let taken = Set(reads.map { fields[$0].name })
    for index in outputs.indices {
      let isAlone = !taken.contains(names[index]) && names.count { $0 == names[index] } == 1
      let output = outputs[index]
      outputs[index].name =
        isAlone ? names[index] : "\(prefixes[index])\(output.owner).\(output.name)"
    }
  }
}
