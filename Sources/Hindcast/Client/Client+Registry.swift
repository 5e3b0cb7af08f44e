// Declarations through a client.
import RESP

extension Client {
  /// What became of a declaration.
  public struct Registered: Hashable, Sendable {
    public let kind: RegistrationReport.Kind
    public let name: String
    /// `registered`, `unchanged`, `extended` or `building`.
    public let outcome: String
    /// What came and went with an extension, a line each.
    public let differences: [String]
    /// For a view that was registered after events of its stream were taken in.
    public let lacksHistory: Bool
  }

  /// Registers streams, views and feature sets, all or none. The same declaration again changes nothing.
  /// A view that is `building` answers once its history is made of kept events.
  /// - Parameter declarations: JSON texts.
  /// - Throws: `ClientError.refused` with all mistakes; the user has to be an admin.
  @discardableResult
  public func register(
    declarations: [String], _ how: Registering = .adding
  ) async throws(ClientError) -> [Registered] {
    let reply = try await tell(Self.words("FS.REGISTER", declarations, how))
    catalogue.removeAll()
    var registered: [Registered] = []
    for report in reply.items ?? [] {
      guard let kind = report["kind"]?.text.flatMap(RegistrationReport.Kind.init),
        let name = report["name"]?.text, let outcome = report["outcome"]?.text
      else { throw .unexpectedReply("a registration without kind, name and outcome") }
      registered.append(
        Registered(
          kind: kind, name: name, outcome: outcome,
          differences: (report["differences"]?.items ?? []).compactMap(\.text),
          lacksHistory: report["lacks-history"] == .bool(true)))
    }
    return registered
  }
}
