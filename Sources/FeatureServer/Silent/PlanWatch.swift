// What an answer is besides an answer: a question to silent versions, and a use of something deprecated. Plans
// have one of these only where there is such a thing, and answers of all others pay nothing for it.
import FeatureModel
import Hindcast
import RESP
import Synchronization

/// Features that a silent version has of those that are asked of the one that serves, in the form in which they
/// are asked for.
final class SilentQuestion: Sendable {
  let view: String
  let features: [String]
  let shape: AnswerShape
  let version: ProtocolVersion

  init(view: String, features: [String], shape: AnswerShape, version: ProtocolVersion) {
    self.view = view
    self.features = features
    self.shape = shape
    self.version = version
  }
}

/// Belongs to a plan, and so to one loop.
package final class PlanWatch {
  /// What is deprecated of what the plan asks for.
  let deprecated: [String]
  let silent: [SilentQuestion]
  /// Answers since they were counted last.
  private var lookups: Int64 = 0

  /// Nil where there is nothing to watch.
  init?(
    _ view: RegisteredView, features: [String], shape: AnswerShape, version: ProtocolVersion,
    isLogging: Bool, in store: Store
  ) {
    let name = view.declaration.name
    deprecated = store.deprecations(of: name).map(\.subject)
      .filter { subject in subject.feature.map(features.contains) ?? true }
      .map(\.description)
    // Only what serves has others that are held against it.
    let isServing = VersionName(parsing: name).version == nil
    let versions = isLogging && isServing ? store.silentVersions(of: name) : []
    silent = versions.compactMap { silent in
      let common = features.filter { silent.plan.feature(named: $0) != nil }
      guard !common.isEmpty, silent.declaration.entity == view.declaration.entity else {
        return nil
      }
      return SilentQuestion(
        view: silent.declaration.name, features: common, shape: shape, version: version)
    }
    if deprecated.isEmpty, silent.isEmpty { return nil }
  }

  func count(_ answers: Int = 1) { lookups &+= Int64(answers) }

  func takeLookups() -> Int64 {
    defer { lookups = 0 }
    return lookups
  }
}

/// Look-ups of deprecated things, gathered from all loops until they are written into the store.
final class DeprecatedUses: Sendable {
  private struct State {
    var lookups: [String: Int64] = [:]
    var last = Timestamp.earliest
  }

  private let state = Mutex(State())

  func add(_ uses: [String: Int64], at time: Timestamp) {
    state.withLock { state in
      state.lookups.merge(uses, uniquingKeysWith: +)
      state.last = max(state.last, time)
    }
  }

  /// Those that are not in the store yet.
  func pending(_ subject: String) -> Int64 { state.withLock { $0.lookups[subject] ?? 0 } }

  func flush(to store: Store) throws(StoreError) {
    let taken = state.withLock { state in
      defer { state.lookups = [:] }
      return state
    }
    try store.noteUses(taken.lookups.map { ($0.key, $0.value) }, last: taken.last)
  }
}
