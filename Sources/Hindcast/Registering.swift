// Declarations into a store, all or none: texts are read, views are checked against their streams, sets
// against their views and every declaration against what stands under its name, before anything is
// registered.
import FeatureModel
import SliceStore

/// A text with declarations, and what to call it in messages: the name of its file.
public struct DeclarationText: Sendable {
  public var name: String
  public var text: [UInt8]
  /// Whether the text comes from a plugin: a stream in it may be a part of one that is declared elsewhere, or
  /// add to it, and mistakes have no line in a file that anybody could look at.
  public var isPlugin = false

  public init(name: String, text: [UInt8]) {
    self.name = name
    self.text = text
  }
}

/// One declaration's fate.
public struct RegistrationReport: Sendable {
  public enum Kind: String, Sendable { case stream, view, set, table }
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
  public var sets: [FeatureSet] = []
  public var tables: [TableDeclaration] = []
}

extension FeatureStore {
  /// Registers all declarations of some texts, streams first and sets last, or none where one has a mistake.
  /// - Throws: `HindcastError.declarations` with every mistake of all texts.
  /// - Parameters:
  ///   - replacing: a view may mean something else than what stands under its name, where its history can be
  ///     made of kept events.
  ///   - silent: views that differ from what serves become versions beside that, which are computed and
  ///     logged, but not served. They are reported by their names with numbers, `sender_history@2`.
  ///
  /// Views whose history has to be made are registered, and answer once `build` has made it.
  public func register(
    _ texts: [DeclarationText], replacing: Bool = false, silent: Bool = false
  ) throws(HindcastError) -> [RegistrationReport] {
    let resolved = try resolve(texts, replacing: replacing, silent: silent)
    // Before the streams have the fields.
    let lacking = resolved.views.map { history(resolved, $0) }
    var reports: [RegistrationReport] = []
    do throws(StoreError) {
      for stream in resolved.streams {
        let outcome = try store.register(stream)
        reports.append(
          RegistrationReport(
            kind: .stream, name: stream.name, outcome: outcome, lacksHistory: false))
      }
      for table in resolved.tables {
        let outcome = try store.register(table, replacing: replacing)
        reports.append(
          RegistrationReport(
            kind: .table, name: table.name, outcome: outcome, lacksHistory: false))
      }
      for (view, lacking) in zip(resolved.views, lacking) {
        let isVersion = VersionName(parsing: view.name).version != nil
        var outcome = try store.register(view, replacing: replacing, silent: isVersion)
        if case .building(let lines) = outcome {
          outcome = .building(lines + [lacking].compactMap(\.self))
        }
        let lacks = outcome == .registered ? try othersHaveHistory(view) : false
        reports.append(
          RegistrationReport(kind: .view, name: view.name, outcome: outcome, lacksHistory: lacks))
      }
      for set in resolved.sets {
        let outcome = try store.register(set)
        reports.append(
          RegistrationReport(kind: .set, name: set.name, outcome: outcome, lacksHistory: false))
      }
    } catch { throw .store(error) }
    return reports
  }

  /// Reads texts and checks what they declare against each other and the store; changes nothing.
  /// - Throws: `HindcastError.declarations` with every mistake, each with the name of its text.
  public func resolve(
    _ texts: [DeclarationText], replacing: Bool = false, silent: Bool = false
  ) throws(HindcastError) -> ResolvedDeclarations {
    try resolver(texts, replacing, silent: silent).resolved
  }

  func resolver(
    _ texts: [DeclarationText], _ replacing: Bool, silent: Bool = false
  ) throws(HindcastError) -> DeclarationResolver {
    if replacing, silent {
      throw .refused(
        "a silent version stands beside what serves, and so replaces nothing: ask for one of both")
    }
    var resolver = DeclarationResolver(store, texts, replacing: replacing, silent: silent)
    // Plugins last: then all streams are known of which theirs may be parts.
    for text in texts where !text.isPlugin { resolver.read(text) }
    for text in texts where text.isPlugin { resolver.read(text) }
    resolver.resolveViews()
    resolver.resolveSets()
    if !resolver.mistakes.isEmpty { throw .declarations(resolver.mistakes) }
    return resolver
  }

  private func othersHaveHistory(_ view: ViewDeclaration) throws(StoreError) -> Bool {
    for other in store.views(of: view.stream) where other.declaration.name != view.name {
      if !(try store.positions(in: other.id)).isEmpty { return true }
    }
    return false
  }
}
