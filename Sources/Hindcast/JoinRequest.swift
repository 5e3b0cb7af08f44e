// What a join is asked for: features of any views, each at the entity that some columns of the spine name, at
// the instant in another. The same request serves columns in memory, streams of chunks and files.
import FeatureModel
import RowFiles
import SliceStore

/// Features of one view, and where the spine has their entity.
public struct FeatureSelection: Hashable, Sendable {
  public var view: String
  /// In the order of their columns; nil for all of the view.
  public var features: [String]?
  /// For key fields whose column in the spine has another name: field to column. Goes before the request's
  /// own, so that one view can be joined to the sender and to the recipient of the same row.
  public var keys: [String: String]
  /// Put before the names of the columns.
  public var prefix: String

  public init(
    _ view: String, features: [String]? = nil, keys: [String: String] = [:], prefix: String = ""
  ) {
    self.view = view
    self.features = features
    self.keys = keys
    self.prefix = prefix
  }
}

extension FeatureSet {
  /// One after the other, in the set's order. Each view is read once all the same.
  fileprivate var selections: [FeatureSelection] {
    members.compactMap(\.feature).map { FeatureSelection($0.view, features: [$0.feature]) }
  }
}

/// What is joined to which columns.
public struct JoinRequest: Sendable {
  /// In the order of the output columns.
  public var selections: [FeatureSelection]
  /// Their columns come behind those of the selections. A set that is but a list may stand there as well.
  public var sets: [FeatureSet] = []
  /// The spine's column with the time of each row.
  public var time: String
  /// For key fields whose column in the spine has another name: field to column. Of a set they have the names
  /// that its `keys` give them.
  public var keys: [String: String] = [:]
  public var mode: ReadMode = .asServed
  /// The spine's column with the instant whose knowledge a row is answered with; in place of a mode.
  public var knownColumn: String?
  /// Of row files: where a name does not say.
  public var spineFormat: RowFormat?
  /// Of row files; nil for the spine's own.
  public var outputFormat: RowFormat?

  public init(_ selections: [FeatureSelection], time: String) {
    self.selections = selections
    self.time = time
  }

  /// Views with the features wanted of each (nil: all).
  public init(views: [(name: String, features: [String]?)], time: String) {
    self.init(views.map { FeatureSelection($0.name, features: $0.features) }, time: time)
  }

  /// The vectors of some sets, in their order.
  public init(sets: [FeatureSet], time: String) {
    self.init([], sets: sets, time: time)
  }

  /// Features of views, and behind them the vectors of some sets.
  public init(_ selections: [FeatureSelection], sets: [FeatureSet], time: String) {
    // Lists of features alone are what they always were, receipts included.
    let arePlain = sets.allSatisfy(\.isPlain)
    self.init(arePlain ? selections + sets.flatMap(\.selections) : selections, time: time)
    if !arePlain { self.sets = sets }
  }

  /// The names of all views that are read, each once.
  public var views: [String] {
    var views: [String] = []
    for view in selections.map(\.view) + sets.flatMap(\.views) where !views.contains(view) {
      views.append(view)
    }
    return views
  }
}
