// One connection: what it has sent that is not answered yet, what it has not taken yet, and who it is.
// Belongs to one loop; an idle one holds no buffers.
import FeatureModel
import RESP

final class Connection {
  let descriptor: Int32
  /// Tells a descriptor that was closed from the one that has its number now.
  let generation: UInt32
  let client: ClientRecord
  var version = ProtocolVersion.resp2
  /// Nil until a password was said, where one is needed.
  var role: Role?

  /// Bytes that came in and are not understood yet.
  var input: [UInt8] = []
  /// Those before are done with.
  var inputStart = 0
  /// `input` begins with a part of a command.
  var hasPart = false
  /// Commands were left for the next round, because what they answer is large.
  var isCut = false
  /// The parser in the middle of a command, whose bytes are the start of `input`.
  var parser: RequestParser?
  /// Commands between MULTI and EXEC.
  var transaction: Transaction?
  /// Commands of a transaction that is being carried out, and how far that is.
  var replay: [UInt8] = []
  var replayed = 0

  /// Bytes that the peer has not taken yet.
  var output: [UInt8] = []
  var sent = 0

  /// Writes handed on whose replies are not there yet.
  var pendingReplies = 0
  /// The command that is being carried out elsewhere, and the steady clock's nanoseconds when it was handed
  /// over.
  var job: (id: CommandID, since: UInt64)?
  /// When the first of the writes that are waited for was handed over.
  var pendingSince: UInt64 = 0
  /// The peer sends nothing more.
  var hasEnded = false
  /// To be closed once the output is sent.
  var isClosing = false
  var isHTTP = false
  /// As it was told the poller.
  var interest: Poller.Interest = .read
  var lastActive: Int64 = 0
  /// The same by a clock that never jumps.
  var lastSteady: Int64 = 0
  #if TLS
    var tls: TLSSession?
  #endif

  init(descriptor: Int32, generation: UInt32, client: ClientRecord, role: Role?) {
    self.descriptor = descriptor
    self.generation = generation
    self.client = client
    self.role = role
    lastActive = client.since.milliseconds
  }

  struct Transaction {
    var commands: [UInt8] = []
    var count = 0
    /// A command was refused: EXEC carries none out.
    var isBroken = false
  }

  var handle: ConnectionHandle {
    ConnectionHandle(descriptor: descriptor, generation: generation)
  }

  var unsentBytes: Int { output.count - sent }
  var waitingBytes: Int { input.count - inputStart }

  /// A command is being carried out elsewhere.
  var isBusy: Bool { job != nil }

  /// Nothing is owed to the peer.
  var isSettled: Bool { unsentBytes == 0 && pendingReplies == 0 && !isBusy }

  /// Whether commands can be carried out now.
  var isReady: Bool {
    !isClosing && !isBusy && unsentBytes == 0 && pendingReplies < Connection.pendingLimit
  }

  /// Pipelined writes of one connection that wait for the disk together; the rest waits in its input.
  static let pendingLimit = 8192
}
