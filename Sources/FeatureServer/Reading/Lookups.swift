// Answers of now, as served: from the arena where they were given before in this slice, else from the store
// through the one function that computes windows. All commands that look up now end here.
import FeatureModel
import Hindcast
import Monitoring
import RESP

/// What a look-up is refused for; the text begins with the kind of the error.
package struct LookupError: Error {
  package let text: String

  init(_ text: String) { self.text = text }
  init(_ error: StoreError) { text = "ERR \(error)" }
}

/// The plans and kept answers of one loop.
struct Lookups: ~Copyable {
  let store: FeatureStore
  private let timekeeper: Timekeeper
  let recorder: ServedRecorder?
  var arena: AnswerArena
  /// Nil where none are kept.
  let rows: RowCache?
  private var table = PlanTable()
  /// Plans by what they mean, for requests whose bytes differ.
  private var plans: [PlanName: ReadPlan] = [:]
  var sets: [SetPlan] = []
  /// Of the plans: what is counted.
  private var watched: [PlanWatch] = []
  /// Look-ups of deprecated things by plans that are gone.
  private var uses: [String: Int64] = [:]
  /// For silent versions to answer.
  var silent = SilentBatch()
  var numbers = PlanNumbers()
  private var key: [UInt8] = []
  var hits = 0
  var misses = 0

  /// - Parameters:
  ///   - cacheBytes: for kept answers; 0 keeps none.
  ///   - rowCacheBytes: for the blocks of entities whose answers are not kept; 0 keeps none.
  init(
    _ store: FeatureStore, _ timekeeper: Timekeeper, recorder: ServedRecorder?, cacheBytes: Int,
    rowCacheBytes: Int
  ) {
    self.store = store
    self.timekeeper = timekeeper
    self.recorder = recorder
    arena = AnswerArena(bytes: cacheBytes)
    rows = rowCacheBytes > 0 ? RowCache(bytes: rowCacheBytes) : nil
  }

  var cacheBytes: Int { arena.byteCount }
  var cacheEntries: Int { arena.entryCount }
  var rowCacheBytes: Int { rows?.byteCount ?? 0 }

  /// Lets go of plans, since declarations or histories have changed. What was answered by those that change is
  /// kept under numbers that nothing leads to any more, and is overwritten in time: emptying a large index
  /// would take milliseconds.
  mutating func forgetPlans() {
    collectUses()
    watched.removeAll()
    table.removeAll()
    plans.removeAll()
    sets.removeAll()
    recorder?.forgetQuestions()
  }

  /// The same, and nothing that was answered or read stays in memory: an entity is to be forgotten.
  mutating func wipe() {
    forgetPlans()
    arena.wipe()
    rows?.wipe()
    key = []
  }

  private mutating func collectUses() {
    for watch in watched {
      let lookups = watch.takeLookups()
      guard lookups > 0 else { continue }
      for subject in watch.deprecated { uses[subject, default: 0] += lookups }
    }
  }

  /// Look-ups of deprecated things since the last call, by what they are of.
  mutating func takeUses() -> [String: Int64] {
    collectUses()
    if uses.isEmpty { return [:] }
    defer { uses = [:] }
    return uses
  }

  /// What was counted since the last call.
  mutating func takeCounts() -> (hits: Int, misses: Int) {
    defer { (hits, misses) = (0, 0) }
    return (hits, misses)
  }

  /// The same of blocks.
  mutating func takeRowCounts() -> (hits: Int, misses: Int) { rows?.takeCounts() ?? (0, 0) }

  /// The plan of a request that was made before, by its bytes.
  @inline(__always)
  mutating func known(_ key: PlanKey) -> UnsafeMutablePointer<PlanEntry>? { table.find(key) }

  /// The plan of a request that is made for the first time.
  mutating func learn(
    _ key: PlanKey, features: [String]?, _ now: Timestamp
  ) throws(LookupError) -> UnsafeMutablePointer<PlanEntry> {
    let view = String(decoding: key.view, as: UTF8.self)
    let plan = try plan(view, features, key.shape, key.version, now)
    return table.insert(key, plan)
  }

  /// Appends the answer to a plan for an entity as it is written.
  /// - Complexity: O(bytes of the answer) where it is kept, else one read of the store.
  @inline(__always)
  mutating func answer(
    _ entry: UnsafeMutablePointer<PlanEntry>, _ entity: UnsafeRawBufferPointer, _ now: Timestamp,
    into out: inout ReplyWriter
  ) throws(LookupError) {
    let slice = entry.pointee.slice(of: now.milliseconds)
    let hash = EntityHash.of(entity)
    let mixed = Self.mixed(hash, entry.pointee.number)
    let reply = arena.find(mixed, plan: entry.pointee.number, key: entity, slice: slice)
    if let reply, entry.pointee.isDirect {
      hits &+= 1
      out.append(raw: reply)
    } else {
      try answerSlowly(entry, entity, hash, mixed, reply, slice, now, &out)
    }
  }

  @inline(__always)
  static func mixed(_ hash: UInt64, _ number: UInt32) -> UInt64 {
    hash ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
  }

  /// Asks memory for what the next look-ups of a pipeline will need, while this one is answered: nearly all
  /// the time of a kept answer is the wait for its place. Commands of a pipeline are mostly alike, so the
  /// next ones' keys are guessed to lie where this one's does; a wrong guess costs nothing but itself.
  @inline(__always)
  func lookAhead(
    _ entry: UnsafeMutablePointer<PlanEntry>, _ words: RequestWords,
    _ entity: UnsafeRawBufferPointer
  ) {
    lookAhead(entry.pointee.number, words, entity)
  }

  @inline(__always)
  func lookAhead(
    _ number: UInt32, _ words: RequestWords, _ entity: UnsafeRawBufferPointer
  ) {
    let length = words.bytes.count
    guard words.following >= 2 &* length, let start = entity.baseAddress else { return }
    let near = UnsafeRawBufferPointer(start: start + 2 &* length, count: entity.count)
    arena.prefetchEntry(Self.mixed(EntityHash.of(near), number))
    guard words.following >= 4 &* length else { return }
    let far = UnsafeRawBufferPointer(start: start + 4 &* length, count: entity.count)
    arena.prefetchBucket(Self.mixed(EntityHash.of(far), number))
  }

  /// Asks memory for where the answer to a plan for an entity is to be looked for.
  func prefetchBucket(
    _ entry: UnsafeMutablePointer<PlanEntry>, _ entity: UnsafeRawBufferPointer
  ) {
    arena.prefetchBucket(Self.mixed(EntityHash.of(entity), entry.pointee.number))
  }

  /// Asks memory for the answer itself; worth while once its bucket is there.
  func prefetchEntry(
    _ entry: UnsafeMutablePointer<PlanEntry>, _ entity: UnsafeRawBufferPointer
  ) {
    arena.prefetchEntry(Self.mixed(EntityHash.of(entity), entry.pointee.number))
  }

  /// From the store, or with something else to be done than to send it.
  @inline(never)
  private mutating func answerSlowly(
    _ entry: UnsafeMutablePointer<PlanEntry>, _ entity: UnsafeRawBufferPointer, _ hash: UInt64,
    _ mixed: UInt64, _ kept: UnsafeRawBufferPointer?, _ slice: Int64, _ now: Timestamp,
    _ out: inout ReplyWriter
  ) throws(LookupError) {
    let plan = entry.pointee.plan.takeUnretainedValue()
    try plan.readKey(entity, into: &key)
    let start = out.count
    let keyHash = entry.pointee.isSimpleKey ? hash : key.withUnsafeBytes { EntityHash.of($0) }
    if let kept {
      hits += 1
      out.append(raw: kept)
    } else {
      misses += 1
      try read(plan, keyHash, now, into: &out)
      out.bytes.withUnsafeBytes { bytes in
        arena.insert(
          mixed, plan: plan.number, key: entity, slice: slice,
          reply: UnsafeRawBufferPointer(rebasing: bytes[start...]))
      }
    }
    plan.watch?.count()
    if let recorder {
      plan.record(to: recorder, keyHash, key, at: now, out, from: start, asking: &silent)
    }
  }

  /// The answer for the entity in `key`.
  private mutating func read(
    _ plan: ReadPlan, _ hash: UInt64, _ now: Timestamp, into out: inout ReplyWriter
  ) throws(LookupError) {
    do throws(StoreError) {
      try plan.read(hash: hash, key, sealedAt: now, into: &out)
    } catch { throw LookupError(error) }
  }

  /// Appends the answer at any instant in any mode, past the arena.
  mutating func answer(
    _ plan: ReadPlan, _ entity: UnsafeRawBufferPointer, at time: Timestamp, _ mode: ReadMode,
    into out: inout ReplyWriter
  ) throws(LookupError) {
    try plan.readKey(entity, into: &key)
    let hash = key.withUnsafeBytes { EntityHash.of($0) }
    let start = out.count
    do throws(StoreError) {
      if mode == .fresh || mode == .corrected {
        // What is still running is read from one state, whatever is written meanwhile.
        let reader = try store.store.reader(
          of: plan.view.declaration.name, features: plan.features,
          snapshot: store.store.snapshot())
        try plan.read(reader, hash: hash, key, at: time, mode, into: &out)
      } else {
        try plan.read(hash: hash, key, at: time, mode, into: &out)
      }
    } catch { throw LookupError(error) }
    plan.watch?.count()
    guard mode == .asServed, let recorder else { return }
    plan.record(to: recorder, hash, key, at: time, out, from: start, asking: &silent)
  }
}

// Plans by name.
extension Lookups {
  private struct PlanName: Hashable {
    let view: String
    let features: [String]?
    let shape: AnswerShape
    let version: ProtocolVersion
    let isExplaining: Bool
  }

  /// A plan; made where there is none, once the view's stream is sealed up to the current slice.
  /// - Parameter isExplaining: for what tells of an answer without giving one, which silent versions allow.
  mutating func plan(
    _ view: String, _ features: [String]?, _ shape: AnswerShape, _ version: ProtocolVersion,
    _ now: Timestamp, isExplaining: Bool = false
  ) throws(LookupError) -> ReadPlan {
    let name = PlanName(
      view: view, features: features, shape: shape, version: version, isExplaining: isExplaining)
    if let known = plans[name] { return known }
    if plans.count >= PlanTable.limit { forgetPlans() }
    do throws(StoreError) {
      let registered = try store.store.view(view)
      if !isExplaining { try requireServed(registered.declaration.name) }
      if let features, features.count > max(1024, 4 * registered.declaration.features.count) {
        throw .invalid("\(features.count) features are more than one look-up may name")
      }
      let reader = try store.store.reader(of: view, features: features, remembering: rows)
      try advance(now)
      let names = reader.features.map { reader.plan.features[$0].declaration.name }
      let plan = ReadPlan(
        number: numbers.number(
          of: .init(
            states: [reader.state], answers: .features(names, shape), version: version)),
        view: registered, features: names, shape: shape, version: version,
        reader: reader,
        question: try question(registered, names, shape, version),
        watch: PlanWatch(
          registered, features: names, shape: shape, version: version,
          isLogging: recorder != nil, in: store.store))
      if let watch = plan.watch { watched.append(watch) }
      plans[name] = plan
      return plan
    } catch { throw LookupError(error) }
  }

  /// Seals up to the current slice: the clock may be further than the loop's, and requests may name any moment
  /// up to it.
  func advance(_ now: Timestamp) throws(StoreError) {
    try timekeeper.advance(to: max(now, timekeeper.reading))
  }

  private func requireServed(_ view: String) throws(StoreError) {
    guard store.store.standing(of: view).isSilent else { return }
    throw .invalid(
      "version '\(view)' is silent: it is computed and logged, but not served. FS.PROMOTE \(view) lets it "
        + "serve; FS.EXPLAIN reads it, and so do joins and 'hindcast get' in a checkpoint")
  }

  private func question(
    _ view: RegisteredView, _ features: [String], _ shape: AnswerShape,
    _ version: ProtocolVersion
  ) throws(StoreError) -> Int? {
    guard let recorder else { return nil }
    let stream = try store.store.stream(view.declaration.stream)
    return recorder.question(
      ServedQuestion(view, over: stream, features: features, shape: shape, version: version))
  }
}
