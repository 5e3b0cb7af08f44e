// Events on their way from a loop to the writer, with who waits for them. One submission is all that a loop
// read in one go.
import FeatureModel
import RESP

/// Who sends: a stream, and a name that tells its producers apart; empty for whoever gives none.
package struct ProducerKey: Hashable, Sendable {
  package let stream: String
  package let producer: String

  package init(stream: String, producer: String) {
    self.stream = stream
    self.producer = producer
  }
}

package struct Submission: Sendable {
  /// One thing that a client waits for.
  package struct Item: Sendable {
    package enum Content: Sendable {
      /// A row of the batch of its producer's stream.
      case event(producer: Int, row: Int, id: RequestedID)
      /// A reply that is known already, and has to wait for its turn.
      case reply([UInt8])
    }

    let client: ConnectionHandle
    let clientID: UInt64
    let content: Content

    package init(client: ConnectionHandle, clientID: UInt64, content: Content) {
      self.client = client
      self.clientID = clientID
      self.content = content
    }
  }

  package struct StreamBatch: Sendable {
    package let stream: StreamDeclaration
    package var batch: EventBatch

    package init(stream: StreamDeclaration, batch: EventBatch) {
      self.stream = stream
      self.batch = batch
    }
  }

  let loop: Int
  package var batches: [StreamBatch] = []
  /// The producers of the items, and which batch theirs is.
  package var producers: [(key: ProducerKey, batch: Int)] = []
  /// In the order they were sent.
  package var items: [Item] = []
  /// Connections that are gone; nothing of theirs comes any more.
  package var gone: [UInt64] = []

  package init(loop: Int) { self.loop = loop }

  var isEmpty: Bool { items.isEmpty && gone.isEmpty }
}
