// Which version of a view serves: a switch gives names to other versions in one write, and moves no data.
import FeatureModel
import Rocks

/// What a promotion did.
public struct Promotion: Hashable, Sendable {
  /// By which the version is asked for from now on: the view's own name.
  public let view: String
  public let version: UInt32
  /// The name by which the version goes that has served so far; nil where there was none.
  public let previous: String?
  /// Feature sets that read the view, and so the promoted version from now on.
  public let sets: [String]
}

extension Store {
  /// Lets a version serve under the view's name, in one step for all who look up. The one that has served is
  /// deprecated from then on, or silent, and goes by its number; promoting that switches back.
  /// - Parameter name: `sender_history@2`
  @discardableResult
  public func promote(
    _ name: String, silencing: Bool = false
  ) throws(StoreError) -> Promotion {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      let asked = VersionName(parsing: name)
      guard let version = asked.version else {
        throw .invalid("name the version that is to serve, as '\(asked.view)@2': \(others(asked))")
      }
      let chosen = try view(name)
      let base = asked.view
      if chosen.declaration.name == base {
        throw .invalid("version \(version) of view '\(base)' serves already: \(others(asked))")
      }
      if registry.withLock({ $0.building[base] != nil }) { throw .building(view: base) }
      try requireKept(chosen.declaration.named(base))
      var standing = self.standing(of: name)
      standing.isSilent = false
      standing.deprecation = nil
      var changes = WriteBatch()
      var moves = [Move(view: chosen, from: name, to: base, standing: standing)]
      if let serving = view(goingBy: base) {
        var standing = self.standing(of: base)
        standing.isSilent = silencing
        if !silencing {
          standing.deprecation = .init(since: .now, reason: "version \(version) serves")
        }
        let to = VersionName(base, version: standing.version).description
        moves.append(Move(view: serving, from: base, to: to, standing: standing))
      }
      let previous = moves.count > 1 ? moves[1].to : nil
      let entry = AuditEntry(
        "promoted", "view '\(name)'", digest: chosen.digest,
        lines: previous.map { ["\($0) \(silencing ? "is silent" : "is deprecated")"] } ?? [])
      let moved = try record(moves, into: &changes)
      put([audit(entry)], into: &changes)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock { registry in
        for move in moves {
          registry.views[move.from] = nil
          registry.standings[move.from] = nil
          registry.uses[move.from] = nil
        }
        for (move, view) in zip(moves, moved) {
          registry.views[move.to] = view
          if !move.standing.isPlain { registry.standings[move.to] = move.standing }
        }
      }
      forgetPlans()
      let readers = sets.filter { $0.declaration.views.contains(base) }
      return Promotion(
        view: base, version: version, previous: previous, sets: readers.map(\.declaration.name))
    }
  }

  /// A version that gets another name.
  private struct Move {
    let view: RegisteredView
    let from: String
    let to: String
    let standing: ViewStanding
  }

  /// The records of versions under their new names, behind the removal of those under the old.
  private func record(
    _ moves: [Move], into changes: inout WriteBatch
  ) throws(StoreError) -> [RegisteredView] {
    for move in moves {
      for kind in ["view", "floor", "standing", "used"] {
        changes.delete(key: Array("\(kind)/\(move.from)".utf8), in: meta)
      }
    }
    return try moves.map { move throws(StoreError) in
      let stream = try stream(move.view.declaration.stream).declaration
      var view = try RegistryCodec.makeView(
        id: move.view.id, move.view.declaration.named(move.to),
        layout: move.view.layout.named(move.to), of: stream)
      view.floor = move.view.floor
      var records = [("view/\(move.to)", RegistryCodec.viewRecord(view, over: stream))]
      if let floor = view.floor { records.append(("floor/\(move.to)", String(floor.index))) }
      if !move.standing.isPlain {
        records.append(("standing/\(move.to)", move.standing.json.compact))
      }
      put(records, into: &changes)
      return view
    }
  }

  /// For messages: the versions that there are.
  private func others(_ asked: VersionName) -> String {
    let names = versions(of: asked.view).map { view in
      let name = view.declaration.name
      let standing = standing(of: name)
      return "\(VersionName(asked.view, version: standing.version)) "
        + (name == asked.view ? "serves" : standing.word(of: name) ?? "")
    }
    return names.isEmpty ? "there is none" : "there is " + names.joined(separator: ", ")
  }
}
