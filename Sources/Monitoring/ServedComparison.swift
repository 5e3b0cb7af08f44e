// Versions of a view held against each other by what a served log has of them: what was served, and beside it
// what a silent version would have answered to the same look-up. Answers belong together where they are about
// the same entity at the same instant in the same form. The log is read as often as it takes to hold the pairs
// of some entities at a time in memory.
import FeatureModel
import Glibc
import Hindcast
import RESP

extension ServedReplay {
  /// Bytes of the log that are held at a time, about.
  private static let bytesAtOnce = 256 << 20

  /// Holds the logged answers of a silent version against those that were served.
  /// - Parameters:
  ///   - version: `sender_history@2`; a version that is not silent any more will do.
  ///   - passes: how often the log is read; nil for as often as its size needs.
  /// - Complexity: O(bytes of the log), times the passes.
  public func compare(
    _ version: String, in store: FeatureStore, passes: Int? = nil
  ) throws(HindcastError) -> VersionComparison {
    let asked = VersionName(parsing: version)
    let (served, other) = try store.compared(version, with: nil)
    let comparer = ServedComparer(
      VersionComparison(served, other), asked, other,
      passes: passes ?? 1 + segments.reduce(0) { $0 + $1.bytes } / Self.bytesAtOnce)
    for pass in 0..<comparer.passes {
      for segment in segments { try comparer.read(segment, in: folder, pass: pass) }
      comparer.pair()
    }
    return comparer.comparison
  }
}

/// One comparison in progress.
private final class ServedComparer {
  private(set) var comparison: VersionComparison
  let passes: Int
  private let asked: VersionName
  private let view: RegisteredView
  private let types: [String: FieldType]

  /// Where and when, and in which form.
  private struct Place: Hashable {
    let key: [UInt8]
    let time: Timestamp
    let shape: AnswerShape
    let version: ProtocolVersion
  }

  private struct Answer {
    let question: ServedQuestion
    let reply: [UInt8]

    /// In the features' order; nil where it is no such reply.
    var values: [RESPValue]? {
      reply.withUnsafeBytes { ServedMismatch.values(of: question, $0) }
    }
  }

  private var served: [Place: [Answer]] = [:]
  private var other: [(place: Place, answer: Answer)] = []

  init(
    _ comparison: VersionComparison, _ asked: VersionName, _ view: RegisteredView, passes: Int
  ) {
    self.comparison = comparison
    self.asked = asked
    self.view = view
    self.passes = passes
    types = Dictionary(
      view.declaration.features.map { ($0.name, $0.type) }, uniquingKeysWith: { $1 })
  }

  func read(_ segment: Segment, in folder: String, pass: Int) throws(HindcastError) {
    let reader: SegmentReader
    do throws(HindcastError) {
      reader = try SegmentReader("\(folder)/\(segment.name)", end: segment.bytes)
    } catch {
      // The bound on the log took it away meanwhile.
      if case .file(let file) = error, file.problem == .cannotOpen(errno: ENOENT) { return }
      throw error
    }
    var questions: [UInt32: ServedQuestion] = [:]
    while let piece = try reader.next() {
      switch piece {
      case .frame(.question(let number, let question)):
        let name = VersionName(parsing: question.view)
        if name.view == asked.view { questions[number] = question }
      case .frame(.answer(let time, let number, let entity?, let reply)):
        guard let question = questions[number],
          passes == 1 || Int(EntityHash.of(entity) % UInt64(passes)) == pass
        else { continue }
        take(question, time, entity, reply)
      default: continue
      }
    }
  }

  private func take(
    _ question: ServedQuestion, _ time: Timestamp, _ entity: UnsafeRawBufferPointer,
    _ reply: UnsafeRawBufferPointer
  ) {
    let place = Place(
      key: Array(entity), time: time, shape: question.shape, version: question.version)
    let answer = Answer(question: question, reply: Array(reply))
    // What was served went by the view's name; the number tells a version that was logged beside it.
    if question.view == asked.view {
      served[place, default: []].append(answer)
    } else if question.view == asked.description {
      other.append((place, answer))
    }
  }

  /// Compares what was read.
  func pair() {
    for (place, answer) in other {
      let features = Set(answer.question.features)
      let match = served[place]?.first { candidate in
        candidate.question.features.filter(features.contains) == answer.question.features
      }
      guard let match, let old = match.values, let new = answer.values else {
        comparison.unpaired += 1
        continue
      }
      comparison.pairs += 1
      for (index, name) in answer.question.features.enumerated() {
        guard let feature = comparison.features.firstIndex(where: { $0.name == name }),
          let column = match.question.features.firstIndex(of: name), let type = types[name]
        else { continue }
        comparison.add(
          feature, old[column].typed(type), new[index].typed(type), at: place.time
        ) {
          EntityKey(bytes: place.key).parts(count: view.declaration.entity.count) ?? []
        }
      }
    }
    served.removeAll()
    other.removeAll()
  }
}

extension RESPValue {
  /// The value of a feature, from whichever form it was sent in.
  fileprivate func typed(_ type: FieldType) -> Value {
    switch (self, type) {
    case (.null, _): .null
    case (.integer(let number), _): .int(number)
    case (.double(let number), _): .double(number)
    case (.bool(let flag), _): .bool(flag)
    case (_, .int): text.flatMap { Int64($0) }.map { .int($0) } ?? .string(text ?? "")
    case (_, .double): text.flatMap { Double($0) }.map { .double($0) } ?? .string(text ?? "")
    default: .string(text ?? "")
    }
  }
}
