// Kept events on their way into a view that comes after them. Where memory does not hold what the view takes of
// all of them, they are read several times, each time for a part of the hash space: to read an event once more
// costs a small part of what it costs to merge blocks that were made of all events in pieces. Only what memory
// does not hold even so is stored in pieces.
import Aggregates
import FeatureModel

/// The replay of one view's history. Not for use by two threads.
final class HistoryReplay {
  /// Chunks that are replayed between two looks at the memory in use: 64 with 512 MiB.
  private let chunksAtOnce: UInt64
  /// Most often that an event is read, but for what a part of the hash space has more than others.
  private static let passes = 8

  private let store: Store
  private let building: BuildingView
  private let log: KeptLog
  private let stream: StreamDeclaration
  private let loader: BulkLoader
  private let workers: Int
  /// The first chunk that there is.
  private let first: UInt64
  /// What is stored by now.
  private var place: ReplayPlace
  /// The partitions that are read for, and how far.
  private var pass: ReplayPlace
  /// Events of this pass, and of those before it, the latter times their partitions.
  private var read = 0
  private var passedEvents = 0
  /// What of `read` is stored.
  private var storedRead = 0
  private var isMeasured = false
  private let isResumed: Bool
  private(set) var state: BuildProgress

  /// True where what was stored is not, or may not be, in the form that the last level has.
  var hasDeltas: Bool { isResumed || loader.hasDeltas }

  init(_ store: Store, _ building: BuildingView, workers: Int) throws(StoreError) {
    let (stream, views) = try store.together(
      building.view.declaration.stream, [building.view])
    let view = views[0]
    var building = building
    building.view = view
    guard let log = stream.kept else {
      throw .invalid("the events of stream '\(stream.declaration.name)' are kept no longer")
    }
    (self.store, self.building, self.log, self.workers) = (store, building, log, workers)
    self.stream = stream.declaration
    // Memory is looked at after each run of chunks.
    let most = view.declaration.textsGrow(over: stream.declaration) ? 4 : 64
    chunksAtOnce = UInt64(max(1, min(most, store.options.loadBytes >> 23)))
    loader = try BulkLoader(
      store, stream.declaration, [view], log: nil, isReplay: true, workers: workers)
    first = try store.firstChunkNumber(log, before: building.until)
    let stored = try store.position(of: ReplayPlace.source, in: view.id)
    isResumed = stored != nil
    place = try ReplayPlace(stored, first: first, of: view.declaration.name)
    pass = place
    state = BuildProgress(view: view.declaration.name)
  }

  /// Replays until all is stored.
  /// - Returns: false where it was cancelled before; then it goes on where it stands.
  func run(
    isCancelled: @escaping @Sendable () -> Bool, progress: (BuildProgress) -> Void
  ) throws(StoreError) -> Bool {
    if first == building.until { return true }
    loader.restrict(to: pass.partitions)
    // Of what was read since the last commit, nothing may have been forgotten meanwhile.
    var forgets = store.forgets
    var isCut = false
    while !place.isOver, !isCut {
      let end = min(building.until, pass.next + chunksAtOnce)
      read += try store.replay(pass.next..<end, of: log, stream, building, loader, workers)
      pass.next = end
      narrow()
      isCut = isCancelled()
      if isCut || end == building.until || loader.bytesHeld > store.options.loadBytes {
        try commit(forgets)
        forgets = store.forgets
      }
      tell(progress)
    }
    return place.isOver
  }

  /// Gives up entities of this pass, for another one, as soon as it is known that memory will not hold all.
  private func narrow() {
    let limit = store.options.loadBytes
    // An eighth of the memory is enough to know.
    guard place.next == first, loader.bytesHeld > (isMeasured ? limit : limit / 8) else { return }
    isMeasured = true
    let share = Double(pass.next - first) / Double(building.until - first)
    let least =
      building.view.declaration.join == nil ? BulkLoader.allPartitions.count / Self.passes : .max
    guard
      let partitions = pass.narrower(
        expecting: Double(loader.bytesUsed) / share, limit: Double(limit), least: least)
    else { return }
    pass.partitions = partitions
    loader.restrict(to: partitions)
  }

  private func commit(_ forgets: UInt64) throws(StoreError) {
    var next = pass
    if pass.next == building.until { next.beginNext(first: first) }
    let position = SourcePosition(source: ReplayPlace.source, position: next.bytes)
    guard try loader.commit([position], unlessForgottenSince: forgets) else {
      // What was read in this pass is read again, all of it where nothing was stored.
      pass.next = place.next
      loader.restrict(to: pass.partitions)
      read = storedRead
      return
    }
    if next.partitions != pass.partitions {
      passedEvents += read * pass.partitions.count
      (read, isMeasured) = (0, false)
    }
    storedRead = read
    (place, pass) = (next, next)
    loader.restrict(to: pass.partitions)
  }

  private func tell(_ progress: (BuildProgress) -> Void) {
    let all = BulkLoader.allPartitions.count
    let share = Double(pass.next - first) / Double(building.until - first)
    let passed = Double(pass.partitions.lowerBound) + Double(pass.partitions.count) * share
    // A pass that was narrowed is not as far as it was.
    state.fraction = max(state.fraction, passed / Double(all))
    state.events = max(state.events, (passedEvents + read * pass.partitions.count) / all)
    progress(state)
  }
}

/// How far a view has the kept events: partitions below have all, those of the pass have the chunks before the
/// next, those above have none.
struct ReplayPlace: Hashable {
  /// The source under which it stands.
  static let source = "kept events"

  var partitions: Range<Int>
  var next: UInt64

  var isOver: Bool { partitions.lowerBound == BulkLoader.allPartitions.upperBound }

  /// - Parameter bytes: 8 bytes the next chunk, 2 and 2 the partitions, which are all where these are not
  ///   there; nil at the beginning.
  init(_ bytes: [UInt8]?, first: UInt64, of view: String) throws(StoreError) {
    (partitions, next) = (BulkLoader.allPartitions, first)
    guard let bytes else { return }
    let (lower, upper) = bytes.withUnsafeBytes { bytes in
      guard bytes.count == 12 else { return (0, partitions.upperBound) }
      return (
        Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self))),
        Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)))
      )
    }
    guard bytes.count == 8 || bytes.count == 12, lower <= upper, upper <= partitions.upperBound
    else {
      throw .invalid("the place of view '\(view)' in kept events is damaged")
    }
    partitions = lower..<upper
    next = max(
      first, bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(next)
    if partitions != BulkLoader.allPartitions {
      bytes.appendLittleEndian(UInt16(partitions.lowerBound))
      bytes.appendLittleEndian(UInt16(partitions.upperBound))
    }
    return bytes
  }

  /// Goes to as many of the partitions that are left.
  mutating func beginNext(first: UInt64) {
    let all = BulkLoader.allPartitions.upperBound
    partitions = partitions.upperBound..<min(all, partitions.upperBound + partitions.count)
    next = first
  }

  /// So many of the partitions that memory holds their records, in passes of the same width.
  /// - Parameters:
  ///   - expected: bytes of the records of all the pass.
  ///   - least: fewer are not taken.
  /// - Returns: nil where memory holds all, or where there is nothing to give up.
  func narrower(expecting expected: Double, limit: Double, least: Int) -> Range<Int>? {
    // Records lie in pages that are not all full, and some chunks have more than others.
    let passes = (expected / (0.95 * limit)).rounded(.up)
    guard passes > 1 else { return nil }
    let width = max(least, Int((Double(partitions.count) / passes).rounded(.up)))
    guard width < partitions.count else { return nil }
    return partitions.lowerBound..<partitions.lowerBound + width
  }
}
