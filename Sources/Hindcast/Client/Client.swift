// A client of a Hindcast server. Calls of any number of tasks share a few connections: each is written behind
// the others without waiting for their replies, so a connection carries as many look-ups as the server can
// answer, and nobody waits for a free one.
import RESP
import Synchronization

/// Asks a server for features, and sends it events. Any number of tasks may use one client; make one for the
/// program and keep it.
///
/// Connections are made when they are needed, and anew after they ended. A look-up whose connection ended
/// before the reply is sent once more; what changes something is not, apart from events with ids of their own
/// (`add(_:to:producer:id:)`).
///
/// The connections are plain TCP or a socket in the file system. For TLS put a proxy in front.
public final class Client: Sendable {
  public let configuration: Configuration
  private let links: [ClientLink]
  let catalogue: ClientCatalogue

  /// A client of a server; connects with the first call.
  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    let catalogue = ClientCatalogue()
    self.catalogue = catalogue
    links = (0..<max(1, configuration.poolSize)).map { _ in
      // Behind the same address there may be another store by now.
      ClientLink(configuration) { catalogue.removeAll() }
    }
  }

  deinit { close() }

  /// Closes all connections; calls under way fail with `ClientError.closed`, as do later ones.
  public func close() {
    for link in links { link.close() }
  }

  /// Asks whether the server is there.
  public func ping() async throws(ClientError) {
    _ = try await ask(["PING"])
  }

  /// Sends any command, and returns its reply in the server's form of protocol version 3.
  ///
  /// The connection may be any of the pool's, and others' commands may come between this one and the next, so
  /// commands that change the connection (MULTI, HELLO, RESET, QUIT and the like) are refused.
  /// - Parameters:
  ///   - words: the command and its arguments.
  ///   - isRepeatable: whether it may be sent again where the connection ended before the reply.
  /// - Throws: also `ClientError.refused` for an error of the server's.
  public func send(
    _ words: [String], isRepeatable: Bool = false
  ) async throws(ClientError) -> RESPValue {
    guard let first = words.first?.uppercased() else { throw .usage("a command needs a word") }
    if Self.stateful.contains(first) {
      throw .usage("\(first) would change a connection that others share")
    }
    return isRepeatable ? try await ask(words) : try await tell(words)
  }

  private static let stateful: Set<String> = [
    "AUTH", "DISCARD", "EXEC", "HELLO", "MULTI", "QUIT", "RESET", "SELECT",
  ]
}

// Calls.
extension Client {
  /// Sends a command that changes nothing: once more where the connection ended before the reply.
  func ask(_ words: [String]) async throws(ClientError) -> RESPValue {
    do throws(ClientError) { return try await tell(words) } catch {
      guard case .connectionLost = error else { throw error }
      return try await tell(words)
    }
  }

  /// Sends a command, once.
  func tell(_ words: [String], producer: String? = nil) async throws(ClientError) -> RESPValue {
    var bytes: [UInt8] = []
    RequestWriter.append(words, to: &bytes)
    let outcome = await carryOut(bytes, replies: 1, producer: producer)
    if let failure = outcome.failure { throw failure }
    if case .error(let message) = outcome.replies[0] { throw .refused(message) }
    return outcome.replies[0]
  }

  /// Sends commands end to end.
  /// - Parameter producer: calls of one name go through one connection, in their order.
  func carryOut(
    _ bytes: [UInt8], replies: Int, producer: String? = nil
  ) async -> ClientCall.Outcome {
    if Task.isCancelled { return ClientCall.Outcome(failure: .cancelled) }
    let call = ClientCall(bytes, replies: replies, timeout: configuration.timeout.nanoseconds)
    link(for: producer).add(call)
    return await call.wait()
  }

  private func link(for producer: String?) -> ClientLink {
    if let producer {
      return links[Int(UInt(bitPattern: producer.hashValue) % UInt(links.count))]
    }
    var best = links[0]
    var least = Int.max
    for link in links {
      let load = link.load.load(ordering: .relaxed)
      if load < least { (best, least) = (link, load) }
    }
    return best
  }
}
