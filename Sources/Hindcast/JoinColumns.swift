// Which columns a join reads of its spine and which it adds, before any row is there: for callers that import
// only what is read, or have to say beforehand what comes out.
import FeatureModel
import SliceStore

/// The columns of a request.
public struct JoinColumns: Sendable {
  /// What is read of a spine, with the types that are needed there: time, knowledge time, keys.
  public let reads: [SpineField]
  /// What is added, in its order.
  public let answers: [SpineField]

  /// Throws where a spine lacks a column that is read or has two of it, or has one that is to be added.
  public func check(spine names: [String]) throws(HindcastError) {
    for field in reads {
      let count = names.count { $0 == field.name }
      if count == 0 {
        let hint = Suggestion.phrase(for: field.name, among: names)
        throw .refused("the spine has no column '\(field.name)'\(hint)")
      }
      guard count == 1 else {
        throw .refused("the spine has \(count) columns '\(field.name)': which one is meant?")
      }
    }
    let taken = Set(names)
    for answer in answers where taken.contains(answer.name) {
      throw Self.taken(answer.name)
    }
  }

  static func taken(_ name: String) -> HindcastError {
    .refused(
      "the spine has a column '\(name)' already, and the feature of that name would be a second "
        + "one: rename the column, choose other features, or give the features a prefix")
  }
}

extension FeatureStore {
  /// The key fields of all views of a request, as its `keys` may name them.
  public func keyFields(of request: JoinRequest) throws(HindcastError) -> [String] {
    try HindcastError.store { () throws(StoreError) in
      var fields: [String] = []
      for selection in request.selections {
        fields += try store.view(selection.view).declaration.entity
      }
      for set in request.sets { fields += try store.shape(of: set).keyFields }
      return fields
    }
  }

  /// The columns that a join would read and add.
  /// - Parameter spine: the names of the spine's columns, from which a key that it lacks may be derived; nil
  ///   for one that has all that are asked for.
  /// - Throws: what is wrong with the request.
  public func columns(
    of request: JoinRequest, spine: [String]? = nil
  ) throws(HindcastError) -> JoinColumns {
    let plan = try JoinPlan(request, in: store, spine: spine.map { SpineNames($0) } ?? .asked)
    return JoinColumns(
      reads: plan.reads.map { SpineField(name: plan.fields[$0].name, type: plan.fields[$0].type) },
      answers: plan.outputs.map { SpineField(name: $0.name, type: $0.type) })
  }
}
