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
    var features: [String]
  }

  /// One column of answers.
  struct Output: Sendable {
    let source: Int
    /// Among the source's features.
    let place: Int
    var name: String
    let type: FieldType
  }

  /// What is read of a spine: the time, the knowledge time where rows have one, and the keys.
  private(set) var fields: [StreamDeclaration.Field]
  private(set) var sources: [Source] = []
  /// In the order of the request.
  private(set) var outputs: [Output] = []
  /// Indices into `fields`.
  let time = 0
  let known: Int?
  let mode: ReadMode

  init(_ request: JoinRequest, in store: Store) throws(HindcastError) {
    guard !request.selections.isEmpty else {
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
    nameOutputs(prefixes)
    var seen: Set<String> = []
    for output in outputs where !seen.insert(output.name).inserted {
      throw .refused("the feature '\(output.name)' is asked for twice: name it once")
    }
  }

  /// The knowledge of all rows, or their column.
  var knowledge: SpineKnowledge { known.map { .perRow($0) } ?? .all(mode) }

  var names: [String] { outputs.map(\.name) }

  private mutating func add(
    _ selection: FeatureSelection, _ keys: [String: String], _ store: Store
  ) throws(HindcastError) {
    let (view, stream) = try HindcastError.store { () throws(StoreError) in
      let view = try store.view(selection.view)
      let stream = try store.stream(view.declaration.stream).declaration
      return (view.plan, view.declaration.scope(of: stream))
    }
    let key = try addKeys(of: view, stream, keys.merging(selection.keys) { $1 })
    let known = sources.firstIndex { $0.view.declaration.name == selection.view && $0.key == key }
    let source = known ?? sources.count
    if known == nil { sources.append(Source(view: view, key: key, features: [])) }
    for name in selection.features ?? view.features.map(\.declaration.name) {
      guard let feature = view.feature(named: name) else {
        throw .store(
          .unknownFeature(
            name, view: selection.view, known: view.features.map(\.declaration.name)))
      }
      let place = sources[source].features.firstIndex(of: name) ?? sources[source].features.count
      if place == sources[source].features.count { sources[source].features.append(name) }
      outputs.append(
        Output(
          source: source, place: place, name: name,
          type: view.features[feature].declaration.type))
    }
  }

  /// The places of a view's key columns, added to `fields` where they are new.
  private mutating func addKeys(
    of plan: ViewPlan, _ stream: StreamDeclaration, _ names: [String: String]
  ) throws(HindcastError) -> [Int] {
    var places: [Int] = []
    for field in plan.declaration.entity {
      let column = names[field] ?? field
      let type = stream.fields[stream.index(of: field)!].type
      if let known = fields.firstIndex(where: { $0.name == column }) {
        guard fields[known].type == type else {
          throw .refused(
            "column '\(column)' would have to be \(fields[known].type.rawValue) for one view and "
              + "\(type.rawValue) for '\(plan.declaration.name)': join them one after the other")
        }
        places.append(known)
      } else {
        places.append(fields.count)
        fields.append(.init(name: column, type: type))
      }
    }
    return places
  }

  /// Columns have their features' names: with the view's where two have the same, and with what the
  /// selection puts before them.
  private mutating func nameOutputs(_ prefixes: [String]) {
    let names = outputs.indices.map { prefixes[$0] + outputs[$0].name }
    for index in outputs.indices {
      let isAlone = names.count { $0 == names[index] } == 1
      let view = sources[outputs[index].source].view.declaration.name
      outputs[index].name =
        isAlone ? names[index] : "\(prefixes[index])\(view).\(outputs[index].name)"
    }
  }
}
