// Everything the store can refuse or fail at, as one closed set: callers switch, people read the text,
// which tells the way out.
import Aggregates
import FeatureModel
import Rocks

public enum StoreError: Error, Sendable {
  case storage(RocksError)
  /// Stored bytes that cannot be read; `what` names the key.
  case corrupt(what: String, CodecError)
  case damagedMetadata(key: String, reason: String)
  case unknownFormat(found: String, supported: String)
  case unknownStream(String, known: [String])
  case unknownView(String, known: [String])
  case unknownSet(String, known: [String])
  case unknownTable(String, known: [String])
  case unknownFeature(String, view: String, known: [String])
  case unknownField(String, stream: String)
  case unknownFunction(String)
  case tooManyColumns(limit: Int)
  case entityParts(view: String, expected: [String], given: Int)
  case redefinition(name: String, differences: [String])
  /// A view would lose features that registered sets name.
  case featuresInUse([String], view: String, sets: [String])
  case needsBackfill(view: String, feature: String)
  /// The view's history is being made; it is answered from when that is done.
  case building(view: String)
  case noViews(stream: String)
  /// A window reaches before the view's retention floor.
  case expired(view: String, needs: Timestamp, floor: Timestamp)
  case sealMovesBack(stream: String, from: Timestamp, to: Timestamp)
  case readOnly
  /// Events would take the bytes that the store needs to go on.
  case diskFull(path: String, free: UInt64, reserve: UInt64)
  case invalid(String)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .storage(let error): Self.text(error)
    case .corrupt(let what, let error):
      "\(what): \(error). Run 'hindcast verify-store' and restore from a checkpoint."
    case .damagedMetadata(let key, let reason):
      "the store's own record '\(key)' cannot be read: \(reason). Restore from a checkpoint."
    case .unknownFormat(let found, let supported):
      "the store has format \(found); this version reads \(supported). Use the version that wrote it."
    case .unknownStream(let name, let known): Self.unknown("stream", name, known)
    case .unknownView(let name, let known): Self.unknown("view", name, known)
    case .unknownSet(let name, let known): Self.unknown("feature set", name, known)
    case .unknownTable(let name, let known): Self.unknown("table", name, known)
    case .unknownFeature(let name, let view, let known):
      Self.unknown("feature", name, known, of: "view '\(view)'")
    case .unknownField(let name, let stream): "stream '\(stream)' has no field '\(name)'"
    case .unknownFunction(let name): "no aggregate function is called '\(name)'"
    case .tooManyColumns(let limit):
      "a view holds at most \(limit) partials; declare the other features in a second view"
    case .entityParts(let view, let expected, let given):
      "view '\(view)' has the entity \(expected.joined(separator: ", ")): "
        + "\(expected.count) parts are needed, \(given) given"
    case .redefinition(let name, let differences):
      "'\(name)' is registered with another declaration. Register it under a new name. "
        + "What differs:\n  " + differences.joined(separator: "\n  ")
    case .featuresInUse(let features, let view, let sets):
      "view '\(view)' cannot lose \(Self.list("feature", features)): \(Self.list("set", sets)) "
        + "\(sets.count == 1 ? "names" : "name") \(features.count == 1 ? "it" : "them"). "
        + "Keep what models read, or register the view under a new name"
    case .needsBackfill(let view, let feature):
      "feature '\(feature)' needs partials that view '\(view)' does not store; "
        + "register it in a view of a new name and ingest the history into that"
    case .building(let view):
      "view '\(view)' is being built from kept events and answers when that is done; "
        + "'hindcast views' tells how far it is"
    case .noViews(let stream):
      "no view reads stream '\(stream)': register one first, or its events would be lost"
    case .expired(let view, let needs, let floor):
      "the window begins at \(needs), but view '\(view)' keeps slices from \(floor) on only; "
        + "ask for a later time or a shorter window"
    case .sealMovesBack(let stream, let from, let to):
      "stream '\(stream)' is sealed up to \(from); a seal never moves back to \(to)"
    case .readOnly: "the store is open for reading only"
    case .diskFull(let path, let free, let reserve):
      "the disk of \(path) has \(free >> 20) MiB left, and \(reserve >> 20) MiB are kept for what the store "
        + "needs to go on: no events are taken until there is space"
    case .invalid(let reason): reason
    }
  }

  /// The two conditions that people meet and can mend; all else in RocksDB's own words.
  private static func text(_ error: RocksError) -> String {
    let path = error.operation.hasPrefix("open ") ? error.operation.dropFirst(5) : "the store"
    return switch error.code {
    case .locked:
      "\(path) is in use: one process at a time can open a store for writing. Wait until it ends, or "
        + "read, which needs no lock"
    case .databaseMissing:
      "\(path): there is no store here; 'hindcast register \(path) FILE...' makes one"
    default: "\(error)"
    }
  }

  /// `the features 'a', 'b'`
  private static func list(_ kind: String, _ names: [String]) -> String {
    "the \(kind)\(names.count == 1 ? "" : "s") '\(names.joined(separator: "', '"))'"
  }

  private static func unknown(
    _ kind: String, _ name: String, _ known: [String], of whole: String = "the store"
  ) -> String {
    let name = name.utf8.count > 256 ? "\(name.prefix(60))..." : name
    let hint =
      known.isEmpty ? "; it has none yet" : Suggestion.phrase(for: name, among: known.sorted())
    return "\(whole) has no \(kind) '\(name)'\(hint)"
  }
}
