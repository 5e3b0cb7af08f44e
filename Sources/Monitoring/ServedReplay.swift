// The online/offline proof: every recorded answer goes through the as-of join again, as served, and has to come
// out in the same bytes. Segments are read one after the other, and memory is bounded whatever their number.
import FeatureModel
import Glibc
import Hindcast

/// A served log as it stood when this was made. Make it before the store is opened: a copy of the store then
/// knows all that the log does.
public struct ServedReplay: Sendable {
  public let folder: String
  let segments: [Segment]

  /// - Throws: where there is no such folder.
  public init(_ folder: String) throws(HindcastError) {
    self.folder = folder
    segments = try SegmentFolder.list(folder)
  }

  /// Bytes of answers that are held until they are joined.
  private static let heldBytes = 64 << 20

  /// Holds the log against a store: the one that served, or a later state or copy of it.
  /// - Parameters:
  ///   - limit: how many mismatches to keep; all are counted.
  ///   - progress: told now and then how many answers were read, and what part of the log.
  /// - Throws: where the store or the disk fails. What is wrong in the log is in the report.
  /// - Complexity: O(answers), as a join of as many rows.
  public func verify(
    _ store: FeatureStore, limit: Int = 20,
    progress: (_ answers: Int, _ fraction: Double) -> Void = { _, _ in }
  ) throws(HindcastError) -> ServedReport {
    let replayer = Replayer(store, limit: limit, heldBytes: Self.heldBytes)
    let total = Double(max(1, segments.reduce(0) { $0 + $1.bytes }))
    var before = 0
    for segment in segments {
      try replayer.read(segment, in: folder) { position in
        progress(replayer.report.records, Double(before + position) / total)
      }
      before += segment.bytes
    }
    try replayer.flush()
    return replayer.report
  }
}

/// One verification in progress.
private final class Replayer {
  private(set) var report = ServedReport()
  private let store: FeatureStore
  private let limit: Int
  private let heldBytes: Int

  /// Where the answers to a question go.
  private enum Way {
    case group(Int)
    case unreplayable(String)
  }

  private var groups: [ReplayGroup] = []
  /// By view and features.
  private var places: [[String]: Int] = [:]
  private var ways: [ServedQuestion: Way] = [:]
  /// Bytes added since the groups were flushed.
  private var held = 0

  init(_ store: FeatureStore, limit: Int, heldBytes: Int) {
    self.store = store
    self.limit = limit
    self.heldBytes = heldBytes
  }

  func read(
    _ segment: Segment, in folder: String, progress: (_ position: Int) -> Void
  ) throws(HindcastError) {
    let reader: SegmentReader
    do throws(HindcastError) {
      reader = try SegmentReader("\(folder)/\(segment.name)", end: segment.bytes)
    } catch {
      // The bound on the log took it away meanwhile.
      if case .file(let file) = error, file.problem == .cannotOpen(errno: ENOENT) { return }
      throw error
    }
    report.segments += 1
    report.bytes += segment.bytes
    var questions: [UInt32: (question: ServedQuestion, way: Way)] = [:]
    while let piece = try reader.next() {
      switch piece {
      case .frame(.question(let number, let question)):
        questions[number] = (question, try way(of: question))
      case .frame(.note(let time, let text)): report.notes.append(.init(time: time, text: text))
      case .frame(.answer(let time, let number, let entity, let reply)):
        try take(questions[number], time, entity, reply)
        if report.records % 4096 == 0 { progress(reader.position) }
      case .tornTail: report.tornTails += 1
      case .damage(let offset, let bytes):
        report.addDamage("\(segment.name): \(bytes) bytes from byte \(offset) on are no frames")
      case .ofFormat(let format):
        report.addDamage("\(segment.name): format \(format), where \(ServedFormat.version) is read")
      }
    }
    progress(segment.bytes)
  }

  private func take(
    _ known: (question: ServedQuestion, way: Way)?, _ time: Timestamp,
    _ entity: UnsafeRawBufferPointer?, _ reply: UnsafeRawBufferPointer
  ) throws(HindcastError) {
    report.count(time)
    switch known?.way {
    case .group(let place):
      let group = groups[place]
      let before = group.heldBytes
      try group.add(known!.question, at: time, entity, reply, &report)
      held += group.heldBytes - before
      if held > heldBytes { try flush() }
    case .unreplayable(let reason): report.unreplayable[reason, default: 0] += 1
    case nil: report.unreplayable["the frame of the question is damaged", default: 0] += 1
    }
  }

  func flush() throws(HindcastError) {
    for group in groups { try group.flush(&report, keeping: limit) }
    held = 0
  }

  private func way(of question: ServedQuestion) throws(HindcastError) -> Way {
    if let known = ways[question] { return known }
    let way: Way
    do throws(StoreError) { way = try work(out: question) } catch {
      switch error {
      case .unknownSet:
        way = .unreplayable("feature set '\(question.view)' is not in the store")
      case .unknownView:
        way = .unreplayable("view '\(question.view)' is not in the store")
      case .unknownFeature(let feature, _, _):
        way = .unreplayable("view '\(question.view)' has no feature '\(feature)' any more")
      default: throw .store(error)
      }
    }
    ways[question] = way
    return way
  }

  private func work(out question: ServedQuestion) throws(StoreError) -> Way {
    if question.isSet { return try work(outSet: question) }
    // The version that answered may go by another name by now.
    let known = try? store.store.view(question.view)
    let others = store.store.versions(of: question.view).filter { $0.id != known?.id }
    var asked: (view: RegisteredView, stream: RegisteredStream)?
    for view in [known].compactMap(\.self) + others where asked == nil {
      let stream = try store.store.stream(view.declaration.stream)
      let names = view.declaration.features.map(\.name)
      guard question.features.allSatisfy(names.contains) else { continue }
      let digest = ServedQuestion.meaning(
        of: question.features, view.declaration, over: stream.declaration)
      if digest == question.digest { asked = (view, stream) }
    }
    guard let (view, stream) = asked, !question.features.isEmpty else {
      let view = try store.store.view(question.view)
      let names = view.declaration.features.map(\.name)
      for feature in question.features where !names.contains(feature) {
        throw .unknownFeature(feature, view: question.view, known: names)
      }
      return .unreplayable("view '\(question.view)' was declared otherwise when it answered")
    }
    let name = [view.declaration.name] + question.features
    if let known = places[name] { return .group(known) }
    groups.append(
      ReplayGroup(
        store,
        try ReplaySubject(store, view, over: stream.declaration, features: question.features)))
    places[name] = groups.count - 1
    return .group(groups.count - 1)
  }

  private func work(outSet question: ServedQuestion) throws(StoreError) -> Way {
    let set = try store.store.set(question.view)
    guard try ServedQuestion.meaning(of: set.declaration, in: store.store) == question.digest else {
      return .unreplayable("feature set '\(question.view)' was declared otherwise when it answered")
    }
    // No view has this name.
    let name = ["set \(question.view)"]
    if let known = places[name] { return .group(known) }
    do throws(StoreError) {
      groups.append(ReplayGroup(store, try ReplaySubject(store, set.declaration)))
    } catch {
      guard case .invalid(let reason) = error else { throw error }
      return .unreplayable(reason)
    }
    places[name] = groups.count - 1
    return .group(groups.count - 1)
  }
}
