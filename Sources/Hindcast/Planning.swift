// What registering would do, told before it is done: by the same checks that registration makes.
import FeatureModel
import SliceStore

/// What one declaration would do.
public struct PlanReport: Sendable {
  public let kind: RegistrationReport.Kind
  public let name: String
  /// In a word: `unchanged`, `waiting`, `new`, `extended`, `replaced`.
  public let action: String
  /// For people: what happens, how long it takes, what is to be done.
  public let meaning: String
  /// What differs from what stands, a line each.
  public let differences: [String]
  /// Kept events that a history would be made of; nil where none is made.
  public let events: Int?
}

extension FeatureStore {
  /// Says what `register` would do with some texts; changes nothing.
  /// - Throws: `HindcastError.declarations` with every mistake, refusals among them.
  public func plan(
    _ texts: [DeclarationText], replacing: Bool = false, silent: Bool = false
  ) throws(HindcastError) -> [PlanReport] {
    let resolver = try resolver(texts, replacing, silent: silent)
    var reports = resolver.resolved.streams.map(plan)
    for (name, change) in resolver.changes {
      if let table = resolver.resolved.tables.first(where: { $0.name == name }) {
        reports.append(try plan(table, change))
        continue
      }
      guard let view = resolver.resolved.views.first(where: { $0.name == name }) else { continue }
      reports.append(try plan(view, change, history(resolver.resolved, view)))
    }
    for set in resolver.resolved.sets {
      let stands = store.sets.contains { $0.declaration.name == set.name }
      reports.append(
        PlanReport(
          kind: .set, name: set.name, action: stands ? "unchanged" : "new",
          meaning: stands ? "stands already" : "answered at once", differences: [], events: nil))
    }
    return reports
  }

  private func plan(_ stream: StreamDeclaration) -> PlanReport {
    guard let known = store.streams.first(where: { $0.declaration.name == stream.name }) else {
      let keeps = stream.keep == nil ? "" : "; its events are kept, for views to come"
      return PlanReport(
        kind: .stream, name: stream.name, action: "new", meaning: "takes events in\(keeps)",
        differences: [], events: nil)
    }
    let difference = DeclarationDiff(from: known.declaration, to: stream)
    let isSame = difference.kind == .identical
    var meaning = isSame ? "stands already" : "live at once; what is stored stays as it is"
    if known.kept != nil, stream.keep == nil {
      meaning = "the events that were kept are deleted: views to come need the files again"
    } else if known.kept == nil, stream.keep != nil {
      meaning = "events are kept from now on"
    } else if let period = shorter(stream.keep, than: known.declaration.keep) {
      meaning =
        "kept events that became known more than \(DurationText.text(period)) before the stream's seal are "
        + "deleted, from the next seal on: views to come do without them"
    }
    return PlanReport(
      kind: .stream, name: stream.name, action: isSame ? "unchanged" : "extended",
      meaning: meaning, differences: difference.lines, events: nil)
  }

  /// How long events are kept from now on, where they were kept longer.
  private func shorter(
    _ new: StreamDeclaration.Keeping?, than old: StreamDeclaration.Keeping?
  ) -> Int64? {
    guard case .milliseconds(let new)? = new else { return nil }
    switch old {
    case .forever: return new
    case .milliseconds(let old): return new < old ? new : nil
    case nil: return nil
    }
  }

  private func plan(
    _ table: TableDeclaration, _ change: ViewChange
  ) throws(HindcastError) -> PlanReport {
    let view = try plan(table.view, change)
    let isNew = view.action == "new"
    return PlanReport(
      kind: .table, name: table.name, action: view.action,
      meaning: isNew ? "answers once its rows are loaded" : view.meaning,
      differences: view.differences, events: isNew ? nil : view.events)
  }

  /// - Parameter lacking: what the kept events lack.
  private func plan(
    _ view: ViewDeclaration, _ change: ViewChange, _ lacking: String? = nil
  ) throws(HindcastError) -> PlanReport {
    var events: Int?
    var differences: [String] = []
    let (action, meaning): (String, String)
    switch change {
    case .unchanged: (action, meaning) = ("unchanged", "stands already")
    case .waiting: (action, meaning) = ("waiting", "is being built from kept events")
    case .extended(let lines):
      differences = lines
      (action, meaning) = ("extended", "live at once: it reads what is stored already")
    case .new(.none): (action, meaning) = ("new", "live at once, with the events to come")
    case .new(.files):
      (action, meaning) = (
        "new", "without history until the stream's files are ingested again, for this view alone"
      )
    case .new(.kept):
      let kept = try kept(of: view.stream)
      events = kept.events
      (action, meaning) = ("new", "built from \(Self.text(kept)), then live")
    case .replaced(let lines):
      differences = lines
      let kept = try kept(of: view.stream)
      events = kept.events
      (action, meaning) = (
        "replaced",
        "a new version is built from \(Self.text(kept)) while the present one serves, then takes its place"
      )
    }
    var whole = meaning
    if events != nil, let lacking { whole += "; \(lacking)" }
    if VersionName(parsing: view.name).version != nil {
      if case .new = change {
        let stream = try HindcastError.store { () throws(StoreError) in
          try store.stream(view.stream).declaration
        }
        differences = try HindcastError.store { () throws(StoreError) in
          try store.differences(to: view, over: stream)
        }
      }
      whole += "; silent: computed and logged, not served"
    }
    for (subject, deprecation) in store.deprecations(of: view.name) {
      let what = subject.feature.map { "feature '\($0)'" } ?? "the view"
      differences.append("\(what) is \(deprecation.text)")
    }
    return PlanReport(
      kind: .view, name: view.name, action: action, meaning: whole, differences: differences,
      events: events)
  }

  /// What events that were kept so far cannot tell a view: fields that its stream gets together with it.
  func history(_ declared: ResolvedDeclarations, _ view: ViewDeclaration) -> String? {
    guard let stream = declared.streams.first(where: { $0.name == view.stream }),
      let known = store.streams.first(where: { $0.declaration.name == stream.name })?.declaration
    else { return nil }
    let used = view.fieldNames(over: stream)
    let lacking = stream.fields.map(\.name).filter {
      known.index(of: $0) == nil && used.contains($0)
    }
    guard !lacking.isEmpty else { return nil }
    let names = lacking.map { "'\($0)'" }.joined(separator: ", ")
    return "events that were kept until now have no \(names): null in all of the view's history"
  }

  private func kept(of stream: String) throws(HindcastError) -> KeptEvents {
    try HindcastError.store { () throws(StoreError) in
      guard let kept = try store.keptEvents(of: stream) else {
        throw .invalid("stream '\(stream)' keeps no events")
      }
      return kept
    }
  }

  private static func text(_ kept: KeptEvents) -> String {
    let since = kept.start.map { ", which begin at \($0)" } ?? ""
    return "\(kept.events) kept events\(since)"
  }
}

extension FeatureStore {
  /// Makes the histories of all views that are being built, one after the other, and lets them answer.
  /// Without effect where there are none.
  public func build(
    threads: Int? = nil, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: (BuildProgress) -> Void = { _ in }
  ) throws(HindcastError) {
    try HindcastError.store { () throws(StoreError) in
      for building in store.building where !isCancelled() {
        try store.build(
          building.view.declaration.name, threads: threads, isCancelled: isCancelled,
          progress: progress)
      }
    }
  }
}
