// What a dry run of declarations comes to without any row: mistakes, or what is remarkable of declarations
// that are right. The command line, the server and other languages tell it in the same words.
import FeatureModel
import SliceStore

/// Something remarkable of a view that is declared without a mistake.
public struct Remark: Hashable, Sendable {
  public let view: String
  /// Whether it is hardly meant: what it is about will be refused one day. Else it only costs much.
  public let isWarning: Bool
  public let text: String
}

extension Remark: CustomStringConvertible {
  public var description: String { "view \(view): \(text)" }
}

/// What is to be said of some declarations; nothing of it is good.
public struct DeclarationFindings: Hashable, Sendable {
  /// What keeps them from being registered. Where there are any, nothing else was looked for.
  public var mistakes: [String] = []
  /// What is hardly meant, by view.
  public var warnings: [String] = []
  /// What is worth knowing, by view.
  public var notes: [String] = []

  public init(mistakes: [String] = [], warnings: [String] = [], notes: [String] = []) {
    (self.mistakes, self.warnings, self.notes) = (mistakes, warnings, notes)
  }
}

extension FeatureStore {
  /// What is remarkable of the views of some declarations.
  public func remarks(on declarations: ResolvedDeclarations) -> [Remark] {
    declarations.views.flatMap { view -> [Remark] in
      let declared = declarations.streams.first { $0.name == view.stream }
      guard let stream = declared ?? (try? store.stream(view.stream).declaration) else { return [] }
      let advice = DeclarationAdvice(view, of: stream)
      return advice.warnings.map { Remark(view: view.name, isWarning: true, text: $0) }
        + advice.notes.map { Remark(view: view.name, isWarning: false, text: $0) }
    }
  }
}

extension FeatureStore {
  /// Checks declarations against each other and the store; changes nothing.
  /// - Throws: what is no mistake in a declaration.
  public func findings(
    on texts: [DeclarationText]
  ) throws(HindcastError) -> DeclarationFindings {
    var findings = DeclarationFindings()
    do throws(HindcastError) {
      let remarks = remarks(on: try resolve(texts))
      findings.warnings = remarks.filter(\.isWarning).map(\.description)
      findings.notes = remarks.filter { !$0.isWarning }.map(\.description)
    } catch {
      guard case .declarations(let mistakes) = error else { throw error }
      findings.mistakes = mistakes
    }
    return findings
  }
}
