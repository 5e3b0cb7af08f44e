// Gathers the declarations of several texts and their mistakes: views are resolved when all streams are read,
// sets when all views are resolved, and each is held against what stands under its name.
import FeatureModel
import SliceStore

/// What some texts declare, as one whole with what a store knows.
struct DeclarationResolver {
  private(set) var resolved = ResolvedDeclarations()
  private(set) var mistakes: [String] = []
  /// What each view would do.
  private(set) var changes: [(view: String, change: ViewChange)] = []
  private let store: Store
  private let replacing: Bool
  /// Views that are not what serves become silent versions beside that.
  private let silent: Bool
  private var known: [String: StreamDeclaration]
  private var views: [(text: String, view: UnresolvedView)] = []
  private var sets: [(text: String, set: UnresolvedSet)] = []
  private var tables: [(text: String, table: TableDeclaration)] = []
  /// Kind and name to the text that declares it.
  private var declared: [String: String] = [:]
  /// Streams that are declared without a word on whether events are kept: nobody means to delete them so.
  private var keptAsBefore: Set<String> = []
  /// The texts that come from plugins.
  private var plugins: Set<String> = []

  /// The streams that any text declares, and those of the store.
  private let streams: [StreamDeclaration]

  /// - Parameter replacing: views may mean something else than what stands under their names.
  init(
    _ store: Store, _ texts: [DeclarationText], replacing: Bool, silent: Bool = false
  ) {
    self.silent = silent
    self.store = store
    self.replacing = replacing
    known = Dictionary(
      uniqueKeysWithValues: store.streams.map { ($0.declaration.name, $0.declaration) })
    let declared = texts.filter { !$0.isPlugin }.flatMap { text in
      text.text.withUnsafeBytes { FeatureStore.declarations.streams($0) }
    }
    streams = declared + store.streams.map(\.declaration)
  }

  mutating func read(_ text: DeclarationText) {
    if text.isPlugin { plugins.insert(text.name) }
    keptAsBefore = text.text.withUnsafeBytes { FeatureStore.declarations.streamsWithoutKeep($0) }
    let result = text.text.withUnsafeBytes { bytes in
      // A plugin's view is over its own part of a stream.
      Result { () throws(DeclarationError) in
        try FeatureStore.declarations.read(bytes, among: text.isPlugin ? [] : streams)
      }
    }
    do throws(DeclarationError) {
      for declaration in try result.get() { take(declaration, from: text.name) }
    } catch { report(error, text.name) }
  }

  private mutating func take(_ declaration: ParsedDeclaration, from text: String) {
    switch declaration {
    case .stream(let stream):
      if plugins.contains(text), let whole = known[stream.name]?.joined(with: stream) {
        return extend(to: whole, text)
      }
      guard isFirst("stream", stream.name, text), !isOfTable("stream", stream.name, text) else {
        return
      }
      let keep = keptAsBefore.contains(stream.name) ? known[stream.name]?.keep : stream.keep
      let whole = stream.kept(keep)
      known[stream.name] = whole
      resolved.streams.append(whole)
    case .view(let view):
      if isFirst("view", view.name, text), !isOfTable("view", view.name, text) {
        views.append((text, view))
      }
    case .table(let table):
      // It is a stream and a view as well.
      for kind in ["table", "stream", "view"] where !isFirst(kind, table.name, text) { return }
      known[table.name] = table.stream
      tables.append((text, table))
    case .set(let set):
      if isFirst("set", set.name, text) { sets.append((text, set)) }
    }
  }

  /// A plugin knows of a stream what its own events have; what it computes is added to the stream's fields.
  private mutating func extend(to whole: StreamDeclaration, _ text: String) {
    if known[whole.name] == whole { return }
    if declared["stream \(whole.name)"] == nil { declared["stream \(whole.name)"] = text }
    known[whole.name] = whole
    resolved.streams.removeAll { $0.name == whole.name }
    resolved.streams.append(whole)
  }

  /// Whether a stream or view has the name of a table that stands; the table alone is declared then.
  private mutating func isOfTable(_ kind: String, _ name: String, _ text: String) -> Bool {
    guard store.tables.contains(where: { $0.declaration.name == name }) else { return false }
    mistakes.append(
      "\(text): '\(name)' is a table, which has a \(kind) of this name: declare the table, or choose "
        + "another name")
    return true
  }

  private mutating func isFirst(_ kind: String, _ name: String, _ text: String) -> Bool {
    if let other = declared["\(kind) \(name)"] {
      mistakes.append("\(text): the \(kind) '\(name)' is declared in \(other) already")
      return false
    }
    declared["\(kind) \(name)"] = text
    return true
  }

  private mutating func checkStanding(_ stream: StreamDeclaration) {
    do throws(StoreError) { try store.requireRegistrable(stream) } catch {
      report(error, declared["stream \(stream.name)"] ?? stream.name)
    }
  }

  /// After all texts are read, because a view may stand before its stream.
  mutating func resolveViews() {
    for stream in resolved.streams { checkStanding(stream) }
    for (text, table) in tables {
      do throws(StoreError) {
        changes.append((table.name, try store.change(to: table, replacing: replacing)))
        resolved.tables.append(table)
      } catch { report(error, text) }
    }
    // A stream that cannot be read would be reported once more by each of its views.
    let hasUnread = !mistakes.isEmpty
    for (text, view) in views {
      guard let stream = known[view.stream] else {
        if hasUnread { continue }
        let hint = Suggestion.phrase(for: view.stream, among: known.keys.sorted())
        mistakes.append(
          "\(text): $.stream: view '\(view.name)' is over the stream '\(view.stream)', which is neither "
            + "registered nor declared beside it\(hint)")
        continue
      }
      do throws(DeclarationError) {
        var view = try FeatureStore.declarations.resolve(view, against: stream)
        if silent, let name = silentName(for: view, over: stream, text) { view = view.named(name) }
        checkStanding(view, over: stream, text)
        resolved.views.append(view)
      } catch { report(error, text) }
    }
  }

  private mutating func silentName(
    for view: ViewDeclaration, over stream: StreamDeclaration, _ text: String
  ) -> String? {
    do throws(StoreError) { return try store.silentName(for: view, over: stream) } catch {
      report(error, text)
      return nil
    }
  }

  private mutating func checkStanding(
    _ view: ViewDeclaration, over stream: StreamDeclaration, _ text: String
  ) {
    do throws(StoreError) {
      let change = try store.change(
        to: view, over: stream, replacing: replacing,
        joining: view.join.flatMap { known[$0.stream] })
      changes.append((view.name, change))
    } catch { report(error, text) }
  }

  /// After all views are resolved.
  mutating func resolveSets() {
    // A view with a mistake would be reported once more by each set that names it.
    let hasMistakes = !mistakes.isEmpty
    let readable = standingViews()
    let names = Set(readable.map(\.name))
    for (text, set) in sets {
      let isComplete = set.views.allSatisfy { !names.isDisjoint(with: $0) }
      if hasMistakes, !isComplete { continue }
      do throws(DeclarationError) {
        let set = try FeatureStore.declarations.resolve(set, against: readable)
        checkStanding(set, text)
        resolved.sets.append(set)
      } catch { report(error, text) }
    }
  }

  /// All views as they will be: those declared here, without the ones that could not be read, and all others
  /// of the store.
  private func standingViews() -> [ViewDeclaration] {
    // What serves stands beside its silent versions.
    let named = silent ? resolved.views.map(\.name) : views.map(\.view.name)
    let declared = Set(named + tables.map(\.table.name))
    let standing = store.views + store.building.map(\.view)
    let others = standing.map(\.declaration).filter { !declared.contains($0.name) }
    return others + resolved.views + resolved.tables.map(\.view)
  }

  private mutating func checkStanding(_ set: FeatureSet, _ text: String) {
    do throws(StoreError) { try store.requireReadable(set) } catch { report(error, text) }
    guard let standing = store.sets.first(where: { $0.declaration.name == set.name }) else {
      return
    }
    let difference = DeclarationDiff(from: standing.declaration, to: set)
    if difference.kind != .identical {
      report(StoreError.redefinition(name: set.name, differences: difference.lines), text)
    }
  }

  private mutating func report(_ error: DeclarationError, _ text: String) {
    mistakes += error.problems.map { problem in
      plugins.contains(text) ? "\(text): \(problem.path): \(problem.reason)" : "\(text): \(problem)"
    }
  }

  private mutating func report(_ error: StoreError, _ text: String) {
    mistakes.append("\(text): \(error)")
  }
}
