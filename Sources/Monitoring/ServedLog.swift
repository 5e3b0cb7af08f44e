// The served log: what a server answered, kept on a bounded part of the disk, so that it can be held against
// the as-of join later. Recording never fails a look-up: what cannot be written is counted and left out.
import FeatureModel
import Glibc
import Hindcast
import Synchronization

/// Where a served log lies, and how much of what is answered goes into it.
public struct ServedLogOptions: Sendable {
  public var folder: String
  /// The answers of one entity in so many are recorded; 1 for all.
  public var oneIn: UInt32 = 1
  /// Bound on the bytes of all segments in the folder.
  public var maxBytes = 1 << 30
  /// A segment that has grown to this size is followed by the next; nil for a sixteenth of `maxBytes`, and
  /// 1 MiB at least.
  public var segmentBytes: Int?
  /// Bytes of answers that a recorder holds until they are written; what comes beyond is dropped.
  public var bufferBytes = 2 << 20
  /// `write` of the system, which tests let fail.
  package var write: @Sendable (_ descriptor: Int32, UnsafeRawBufferPointer) -> Int = {
    Glibc.write($0, $1.baseAddress, $1.count)
  }

  public init(folder: String) { self.folder = folder }
}

/// What a served log has done since it was opened, and how large it is.
public struct ServedLogStatistics: Hashable, Sendable {
  /// Answers that were written.
  public var records = 0
  /// Bytes that were written.
  public var bytes = 0
  /// Answers that were to be recorded and are not in the log: the disk or a buffer was full, or one was
  /// larger than 1 MiB.
  public var dropped = 0
  /// Calls of the system that failed.
  public var errors = 0
  /// In the folder now, those of earlier runs among them.
  public var segments = 0
  /// Bytes of these.
  public var storedBytes = 0
}

/// A served log in its folder. One process at a time records there.
public final class ServedLog: Sendable {
  public let sample: EntitySample
  let options: ServedLogOptions
  let segmentBytes: Int
  let folder: Mutex<SegmentFolder>
  private let writers = Atomic(0)
  /// How often all segments were ended.
  let rotation = Atomic(0)
  /// By writer: how many of these it has seen.
  let rotated = Mutex<[Int: Int]>([:])
  /// Held by whoever takes an entity out of the segments.
  let erasing = Mutex<Void>(())
  private let records = Atomic(0)
  private let bytes = Atomic(0)
  private let dropped = Atomic(0)
  private let errors = Atomic(0)

  /// Makes the folder where there is none. What earlier runs recorded there stays, and counts for the bound.
  /// - Throws: where the folder cannot be made or read.
  public init(_ options: ServedLogOptions) throws(HindcastError) {
    self.options = options
    sample = EntitySample(oneIn: options.oneIn)
    segmentBytes = options.segmentBytes ?? max(options.maxBytes / 16, 1 << 20)
    folder = Mutex(try SegmentFolder(options.folder, limit: options.maxBytes))
  }

  /// A recorder of this log: one for each thread that answers.
  public func recorder() -> ServedRecorder {
    let writer = writers.wrappingAdd(1, ordering: .relaxed).oldValue
    let seen = rotation.load(ordering: .acquiring)
    rotated.withLock { $0[writer] = seen }
    return ServedRecorder(self, writer: writer, rotation: seen)
  }

  /// What was recorded up to the latest `flush` of each recorder. Any thread may ask.
  public var statistics: ServedLogStatistics {
    let (segments, stored) = folder.withLock { ($0.segments.count, $0.bytes) }
    return ServedLogStatistics(
      records: records.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
      dropped: dropped.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed),
      segments: segments, storedBytes: stored)
  }

  /// Records that history was rewritten on purpose (a repair, a restored checkpoint), so that a verification
  /// can name it beside its mismatches. On the disk when this returns, where it can be written.
  public func note(_ text: String, at time: Timestamp) {
    let recorder = recorder()
    recorder.note(text, at: time)
    recorder.close()
  }

  func count(records: Int = 0, bytes: Int = 0, dropped: Int = 0, errors: Int = 0) {
    self.records.wrappingAdd(records, ordering: .relaxed)
    self.bytes.wrappingAdd(bytes, ordering: .relaxed)
    self.dropped.wrappingAdd(dropped, ordering: .relaxed)
    self.errors.wrappingAdd(errors, ordering: .relaxed)
  }
}
