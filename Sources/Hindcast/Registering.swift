// Declarations into a store, all or none: texts are read, views are checked against their streams and every
// declaration against what stands under its name, before anything is registered.
import FeatureModel
import SliceStore

/// A text with declarations, and what to call it in messages: the name of its file.
public struct DeclarationText: Sendable {
  public var name: String
  public var text: [UInt8]

  public init(name: String, text: [UInt8]) {
    self.name = name
    self.text = text
  }
}

/// One declaration's fate.
public struct RegistrationReport: Sendable {
  public enum Kind: String, Sendable { case stream, view }
  public let kind: Kind
  public let name: String
  public let outcome: Registration
  /// True for a view that was registered after events of its stream were taken in: their files must be
  /// ingested again for this view, which counts nothing twice in the others.
  public let lacksHistory: Bool
}

/// Declarations that fit each other and the store they were checked against.
public struct ResolvedDeclarations: Sendable {
  public var streams: [StreamDeclaration] = []
  public var views: [ViewDeclaration] = []
}

extension FeatureStore {
  /// Registers all declarations of some texts, streams first, or none where one has a mistake.
  /// - Throws: `HindcastError.declarations` with every mistake of all texts.
  public func register(
    _ texts: [DeclarationText]
  ) throws(HindcastError) -> [RegistrationReport] {
    let resolved = try resolve(texts)
    var reports: [RegistrationReport] = []
    do throws(StoreError) {
      for stream in resolved.streams {
        let outcome = try store.register(stream)
        reports.append(
          RegistrationReport(
            kind: .stream, name: stream.name, outcome: outcome, lacksHistory: false))
      }
      for view in resolved.views {
        let outcome = try store.register(view)
        let lacks = outcome == .registered ? try othersHaveHistory(view) : false
        reports.append(
          RegistrationReport(kind: .view, name: view.name, outcome: outcome, lacksHistory: lacks))
      }
    } catch { throw .store(error) }
    return reports
  }

  /// Reads texts and checks what they declare against each other and the store; changes nothing.
  /// - Throws: `HindcastError.declarations` with every mistake, each with the name of its text.
  public func resolve(_ texts: [DeclarationText]) throws(HindcastError) -> ResolvedDeclarations {
    var resolver = DeclarationResolver(store)
    for text in texts { resolver.read(text) }
    resolver.resolveViews()
    if !resolver.mistakes.isEmpty { throw .declarations(resolver.mistakes) }
    return resolver.resolved
  }

  private func othersHaveHistory(_ view: ViewDeclaration) throws(StoreError) -> Bool {
    for other in store.views(of: view.stream) where other.declaration.name != view.name {
      if !(try store.positions(in: other.id)).isEmpty { return true }
    }
    return false
  }
}

/// Gathers declarations of several texts, and their mistakes.
private struct DeclarationResolver {
  private(set) var resolved = ResolvedDeclarations()
  private(set) var mistakes: [String] = []
  private let store: Store
  private var known: [String: StreamDeclaration]
  private var views: [(text: String, view: UnresolvedView)] = []
  /// Kind and name to the text that declares it.
  private var declared: [String: String] = [:]

  init(_ store: Store) {
    self.store = store
    known = Dictionary(
      uniqueKeysWithValues: store.streams.map { ($0.declaration.name, $0.declaration) })
  }

  mutating func read(_ text: DeclarationText) {
    let result = text.text.withUnsafeBytes { bytes in
      Result { () throws(DeclarationError) in try FeatureStore.declarations.read(bytes) }
    }
    do throws(DeclarationError) {
      for declaration in try result.get() { take(declaration, from: text.name) }
    } catch { report(error, text.name) }
  }

  private mutating func take(_ declaration: ParsedDeclaration, from text: String) {
    switch declaration {
    case .stream(let stream):
      guard isFirst("stream", stream.name, text) else { return }
      checkStanding(stream, text)
      known[stream.name] = stream
      resolved.streams.append(stream)
    case .view(let view):
      if isFirst("view", view.name, text) { views.append((text, view)) }
    }
  }

  private mutating func isFirst(_ kind: String, _ name: String, _ text: String) -> Bool {
    if let other = declared["\(kind) \(name)"] {
      mistakes.append("\(text): the \(kind) '\(name)' is declared in \(other) already")
      return false
    }
    declared["\(kind) \(name)"] = text
    return true
  }

  private mutating func checkStanding(_ stream: StreamDeclaration, _ text: String) {
    guard let standing = known[stream.name] else { return }
    let difference = DeclarationDiff(from: standing, to: stream)
    if difference.kind > .compatible {
      report(StoreError.redefinition(name: stream.name, differences: difference.lines), text)
    }
  }

  /// After all texts are read, because a view may stand before its stream.
  mutating func resolveViews() {
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
        let view = try FeatureStore.declarations.resolve(view, against: stream)
        checkStanding(view, over: stream, text)
        resolved.views.append(view)
      } catch { report(error, text) }
    }
  }

  private mutating func checkStanding(
    _ view: ViewDeclaration, over stream: StreamDeclaration, _ text: String
  ) {
    do throws(StoreError) {
      let standing = store.views.first { $0.declaration.name == view.name }
      if let standing, let old = store.streams.first(where: { $0.declaration.name == view.stream })
      {
        let difference = DeclarationDiff(
          from: standing.declaration, over: old.declaration, to: view, over: stream)
        guard difference.kind < .incompatible else {
          throw .redefinition(name: view.name, differences: difference.lines)
        }
      } else if let standing {
        throw .redefinition(
          name: view.name,
          differences: ["stream: \(standing.declaration.stream) -> \(view.stream)"])
      }
      // What a plan refuses (too many columns, partials that are not stored) is refused here already.
      _ = try ViewPlan(
        id: standing?.id ?? ViewID(number: 1), view, of: stream,
        aggregations: standing?.plan.aggregations)
    } catch { report(error, text) }
  }

  private mutating func report(_ error: DeclarationError, _ text: String) {
    mistakes += error.problems.map { "\(text): \($0)" }
  }

  private mutating func report(_ error: StoreError, _ text: String) {
    mistakes.append("\(text): \(error)")
  }
}
