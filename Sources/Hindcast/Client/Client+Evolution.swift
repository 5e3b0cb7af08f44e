// Declarations that change, through a client: what a change would do, registration, which version serves, what
// goes, and what was done. The server's words come back as they are.
import FeatureModel
import RESP

extension Client {
  /// How declarations are to be registered.
  public enum Registering: String, Sendable {
    /// What stands keeps its meaning.
    case adding = ""
    /// A view may mean something else than what has its name.
    case replacing = "REPLACE"
    /// Views that differ from what serves become versions beside that, which are not served.
    case silently = "SILENT"
  }

  /// What registering a declaration would do.
  public struct Planned: Hashable, Sendable {
    public let kind: RegistrationReport.Kind
    public let name: String
    /// In a word: `unchanged`, `waiting`, `new`, `extended`, `replaced`.
    public let action: String
    /// For people: what happens, and what is to be done.
    public let meaning: String
    public let differences: [String]
  }

  /// Which version of a view serves.
  public struct Promoted: Hashable, Sendable {
    public let view: String
    public let version: Int64
    /// The name by which the version goes that served before.
    public let previous: String?
    /// The feature sets that read the view.
    public let sets: [String]
  }

  /// One thing that was done.
  public struct Audited: Hashable, Sendable {
    public let time: Timestamp
    public let action: String
    public let subject: String
    public let lines: [String]
  }

  /// What `register` would do; changes nothing.
  public func plan(
    declarations: [String], _ how: Registering = .adding
  ) async throws(ClientError) -> [Planned] {
    var plans: [Planned] = []
    for plan in try await ask(Self.words("FS.PLAN", declarations, how)).items ?? [] {
      guard let kind = plan["kind"]?.text.flatMap(RegistrationReport.Kind.init),
        let name = plan["name"]?.text, let action = plan["action"]?.text
      else { throw .unexpectedReply("a plan without kind, name and action") }
      plans.append(
        Planned(
          kind: kind, name: name, action: action, meaning: plan["meaning"]?.text ?? "",
          differences: (plan["differences"]?.items ?? []).compactMap(\.text)))
    }
    return plans
  }

  /// Mistakes, warnings and notes on declarations, as the server's store has what they name; changes nothing.
  public func check(declarations: [String]) async throws(ClientError) -> DeclarationFindings {
    let reply = try await ask(["FS.CHECK", "REMARKS"] + declarations)
    func texts(_ name: String) throws(ClientError) -> [String] {
      guard let items = reply[name]?.items else { throw .unexpectedReply("no \(name)") }
      return items.compactMap(\.text)
    }
    return DeclarationFindings(
      mistakes: try texts("mistakes"), warnings: try texts("warnings"), notes: try texts("notes"))
  }

  /// Lets a version serve under the view's name, `by_sender@2`.
  /// - Parameter silencing: the one that did is silent from then on, rather than deprecated.
  public func promote(
    _ version: String, silencing: Bool = false
  ) async throws(ClientError) -> Promoted {
    defer { catalogue.removeAll() }
    let reply = try await tell(["FS.PROMOTE", version] + (silencing ? ["SILENT"] : []))
    guard let view = reply["view"]?.text, case .integer(let number)? = reply["version"] else {
      throw .unexpectedReply("no version that serves")
    }
    return Promoted(
      view: view, version: number, previous: reply["previous"]?.text,
      sets: reply["sets"]?.items?.compactMap(\.text) ?? [])
  }

  /// Marks a view, a version or VIEW.FEATURE as going; it answers as before.
  public func deprecate(_ name: String, reason: String = "") async throws(ClientError) {
    _ = try await tell(["FS.DEPRECATE", name] + (reason.isEmpty ? [] : ["REASON", reason]))
  }

  /// Takes a deprecation back.
  public func undeprecate(_ name: String) async throws(ClientError) {
    _ = try await tell(["FS.DEPRECATE", name, "UNDO"])
  }

  /// Takes a view away with all that is stored of it.
  public func drop(view: String) async throws(ClientError) {
    defer { catalogue.removeAll() }
    _ = try await tell(["FS.DROP", view])
  }

  /// Takes a feature set away; its views stay.
  public func drop(set: String) async throws(ClientError) {
    defer { catalogue.removeAll() }
    _ = try await tell(["FS.DROP", "SET", set])
  }

  /// What was done to declarations and history, oldest first.
  public func audit() async throws(ClientError) -> [Audited] {
    var entries: [Audited] = []
    for item in try await ask(["FS.AUDIT"]).items ?? [] {
      guard let time = item["time"]?.text.flatMap({ Timestamp(parsing: $0) }),
        let action = item["action"]?.text, let subject = item["subject"]?.text
      else { throw .unexpectedReply("an entry of the trail without time or action") }
      entries.append(
        Audited(
          time: time, action: action, subject: subject,
          lines: item["lines"]?.items?.compactMap(\.text) ?? []))
    }
    return entries
  }

  static func words(
    _ command: String, _ declarations: [String], _ how: Registering
  ) -> [String] {
    [command] + (how == .adding ? [] : [how.rawValue]) + declarations
  }
}
