// Events on their way from a loop to the writer, with who waits for them. One submission is all that a loop
// read in one go.
import FeatureModel
import RESP

/// Who sends: a stream, and a name that tells its producers apart; empty for whoever gives none.
struct ProducerKey: Hashable, Sendable {
  let stream: String
  let producer: String
}

struct Submission: Sendable {
  /// One thing that a client waits for.
  struct Item: Sendable {
    enum Content: Sendable {
      /// A row of the batch of its producer's stream.
      case event(producer: Int, row: Int, id: RequestedID)
      /// A reply that is known already, and has to wait for its turn.
      case reply([UInt8])
    }

    let client: ConnectionHandle
    let clientID: UInt64
    let content: Content
  }

  struct StreamBatch: Sendable {
    let stream: StreamDeclaration
    var batch: EventBatch
  }

  let loop: Int
  var batches: [StreamBatch] = []
  /// The producers of the items, and which batch theirs is.
  var producers: [(key: ProducerKey, batch: Int)] = []
  /// In the order they were sent.
  var items: [Item] = []
  /// Connections that are gone; nothing of theirs comes any more.
  var gone: [UInt64] = []

  init(loop: Int) { self.loop = loop }

  var isEmpty: Bool { items.isEmpty && gone.isEmpty }
}
