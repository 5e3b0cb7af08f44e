// Which columns of a spine a join reads, and which keys it derives from them: found out view by view, before
// any row is there.
import FeatureModel

/// The fields of a join's rows, each once, whatever views need it.
struct SpineFields: Sendable {
  /// The time first.
  private(set) var fields: [StreamDeclaration.Field]
  /// Those that are computed.
  private(set) var derived: [DerivedKey] = []
  private let names: SpineNames

  init(_ names: SpineNames, time: String) {
    self.names = names
    fields = [.init(name: time, type: .timestamp)]
  }

  /// Those that a spine has.
  var reads: [Int] {
    fields.indices.filter { field in
      !derived.contains { $0.place == field && !$0.mayBeThere }
    }
  }

  /// A further time, of another name.
  mutating func add(time name: String) { fields.append(.init(name: name, type: .timestamp)) }

  /// The places of a view's key columns, added where they are new.
  /// - Parameter column: what the spine calls a field.
  mutating func addKeys(
    of view: ViewDeclaration, over stream: StreamDeclaration, _ column: (_ field: String) -> String
  ) throws(HindcastError) -> [Int] {
    let scope = view.scope(of: stream)
    return try view.entity.map { field throws(HindcastError) in
      let name = column(field)
      if name == field, !names.has(name),
        let derivation = FieldDerivation(field, of: view, over: stream)
      {
        return try addDerived(name, derivation, for: view.name, column)
      }
      return try addRead(name, scope.fields[scope.index(of: field)!].type, for: view.name)
    }
  }

  /// The place of a column, added where it is new.
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

  /// The same of one that the spine itself has to bring. What one view derives and another has as a field of
  /// its stream is only the same where rows bring it.
  private mutating func addRead(
    _ name: String, _ type: FieldType, for view: String
  ) throws(HindcastError) -> Int {
    let place = try add(name, type, for: view)
    guard derived.contains(where: { $0.place == place }) else { return place }
    guard names == .perRow else { throw Self.lacks(name, view) }
    derived.removeAll { $0.place == place }
    return place
  }

  /// The place of a key that is computed from other columns of the spine.
  private mutating func addDerived(
    _ name: String, _ derivation: FieldDerivation, for view: String,
    _ column: (_ field: String) -> String
  ) throws(HindcastError) -> Int {
    if let known = derived.first(where: { fields[$0.place].name == name }) {
      guard known.derivation == derivation else {
        throw .refused(
          "the spine has no column '\(name)', and views '\(known.view)' and '\(view)' derive it in different "
            + "ways: join them one after the other")
      }
      return known.place
    }
    if fields.contains(where: { $0.name == name }) {
      guard names == .perRow else { throw Self.lacks(name, view) }
      return try add(name, derivation.type, for: view)
    }
    let missing = derivation.inputs.map { column($0.name) }.filter { !names.mayHave($0) }
    guard missing.isEmpty else {
      throw .refused(
        "the spine has no column '\(name)', nor '\(missing.joined(separator: "', '"))', from which view '\(view)' "
          + "derives it")
    }
    let place = try add(name, derivation.type, for: view)
    let inputs = try derivation.inputs.map { input throws(HindcastError) in
      try addRead(column(input.name), input.type, for: view)
    }
    derived.append(
      DerivedKey(
        place: place, view: view, derivation: derivation, inputs: inputs,
        mayBeThere: names == .perRow))
    return place
  }

  private static func lacks(_ name: String, _ view: String) -> HindcastError {
    .refused(
      "the spine has no column '\(name)', which view '\(view)' needs; another view derives one of that name: join "
        + "them one after the other")
  }
}
