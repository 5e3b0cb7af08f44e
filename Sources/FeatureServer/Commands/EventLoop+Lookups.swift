// Look-ups. What was asked before in the same words is answered from its plan; only new words are read.
import FeatureModel
import Glibc
import Hindcast
import Monitoring
import RESP

extension EventLoop {
  /// Entities of one FS.MGET that are looked up on the loop itself.
  private static let inlineEntities = 64

  /// HMGET, HGETALL, HGET: a key of the view's name, a colon and the entity, and names of features.
  @inline(__always)
  func lookUp(_ words: RequestWords, _ shape: AnswerShape) throws(LookupError) {
    let name = words[1]
    guard let start = name.baseAddress, let colon = memchr(start, 0x3A, name.count) else {
      throw Self.withoutColon(name)
    }
    let length = UnsafeRawPointer(colon) - start
    let key = PlanKey(
      shape: shape, version: out.version,
      view: UnsafeRawBufferPointer(start: start, count: length), rest: words.rest(behind: 1))
    let entity = UnsafeRawBufferPointer(
      start: start + length + 1, count: name.count - length - 1)
    if let entry = lookups.known(key) {
      lookups.lookAhead(entry, words, entity)
      try lookups.answer(entry, entity, now, into: &out)
    } else {
      let features = words.count > 2 ? words.strings(from: 2) : nil
      let entry = try lookups.learn(key, features: features, now)
      try lookups.answer(entry, entity, now, into: &out)
    }
  }

  private static func withoutColon(_ name: UnsafeRawBufferPointer) -> LookupError {
    let given = String(decoding: name.prefix(60), as: UTF8.self)
    return LookupError("ERR the key '\(given)' has no colon: it is view:entity")
  }

  /// FS.GET view entity [ASOF time] [KNOWN time | CORRECTED | FRESH] [FEATURES count feature ...]
  func get(_ words: RequestWords) throws(LookupError) {
    let key = PlanKey(
      shape: .namedValues, version: out.version, view: words[1], rest: words.rest(behind: 2))
    if let entry = lookups.known(key) {
      return try lookups.answer(entry, words[2], now, into: &out)
    }
    let options = try ReadOptions(words, from: 3, clock: newestTime)
    if options.isPlain, !words[1].isEmpty {
      let entry = try lookups.learn(key, features: options.features, now)
      return try lookups.answer(entry, words[2], now, into: &out)
    }
    let plan = try lookups.plan(
      words.string(1), options.features, .namedValues, out.version, now)
    try lookups.answer(plan, words[2], at: options.time ?? now, options.mode, into: &out)
  }

  /// The clock, which may have gone on since the loop woke up; the seals go with it.
  private func newestTime() -> Timestamp { (try? context.timekeeper.now()) ?? now }

  /// FS.MGET view count entity ... and what FS.GET takes.
  func getMany(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    guard let count = words.integer(2), count > 0, count <= words.count - 3 else {
      throw LookupError("ERR syntax error: FS.MGET needs a number and as many entities behind it")
    }
    let options = try ReadOptions(words, from: 3 + count, clock: newestTime)
    let plan = try lookups.plan(words.string(1), options.features, .values, out.version, now)
    let time = options.time ?? now
    guard count <= Self.inlineEntities, options.isPlain else {
      let entities = (3..<3 + count).map { Array(words[$0]) }
      let many = ManyLookups(plan, context.store, at: time, options.mode)
      let flag = Flag()
      let silentLog = context.silentLog
      plan.watch?.count(count)
      return handOver(.fsMGet, connection, flag) { reply, recorder throws(LookupError) in
        var asking = SilentBatch()
        defer { if let batch = asking.take() { silentLog?.submit(batch) } }
        try many.answer(entities, recorder, flag, asking: &asking, into: &reply)
      }
    }
    out.array(count)
    for place in 3..<3 + count {
      try lookups.answer(plan.entry, words[place], now, into: &out)
    }
  }

  /// FS.VECTOR set field=value ... and what FS.GET takes, apart from FEATURES.
  func vector(_ words: RequestWords) throws(LookupError) {
    let set = try lookups.set(words[1], out.version, now)
    let end = try set.take(words, from: 2)
    var options = ReadOptions()
    if end < words.count { options = try ReadOptions(words, from: end, clock: newestTime) }
    guard options.features == nil else {
      throw LookupError("ERR syntax error: FS.VECTOR gives all features of its set")
    }
    if let vector = set.vector {
      if options.isPlain { return try lookups.answer(set, vector, words, now, into: &out) }
      return try lookups.answer(
        set, vector, words, at: options.time ?? now, options.mode, into: &out)
    }
    out.array(set.count)
    if options.isPlain, set.hasPlainKeys { lookAhead(set, words) }
    for (index, run) in set.runs.enumerated() {
      try set.withKey(of: index, words) { key throws(LookupError) in
        if options.isPlain {
          try lookups.answerRun(run, key, now, into: &out)
        } else {
          try lookups.answerRun(run, key, at: options.time ?? now, options.mode, into: &out)
        }
      }
    }
  }

  /// Asks memory for all answers of a vector before the first of them is waited for, and for those of the
  /// vectors behind it in the pipeline.
  private func lookAhead(_ set: SetPlan, _ words: RequestWords) {
    for (index, run) in set.runs.enumerated() {
      lookups.prefetchBucket(run.entry, set.plainKey(of: index, words))
    }
    for (index, run) in set.runs.enumerated() {
      let key = set.plainKey(of: index, words)
      lookups.prefetchEntry(run.entry, key)
      lookups.lookAhead(run.entry, words, key)
    }
  }

  /// FS.EXPLAIN view entity feature and what FS.GET takes, apart from FEATURES.
  func explain(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    let options = try ReadOptions(words, from: 4, clock: newestTime)
    guard options.features == nil else {
      throw LookupError("ERR syntax error: FS.EXPLAIN explains one feature")
    }
    let plan = try lookups.plan(
      words.string(1), [words.string(3)], .values, out.version, now, isExplaining: true)
    var key: [UInt8] = []
    try plan.readKey(words[2], into: &key)
    let (view, feature) = (plan.view.declaration.name, words.string(3))
    let (store, entity, time) = (context.store, EntityKey(bytes: key), options.time ?? now)
    handOver(.fsExplain, connection) { reply, _ throws(LookupError) in
      try Explanation.write(store, view, entity, feature, at: time, options.mode, into: &reply)
    }
  }
}

/// The slices behind a value, as a reply.
enum Explanation {
  static func write(
    _ store: FeatureStore, _ view: String, _ entity: EntityKey, _ feature: String,
    at time: Timestamp, _ mode: ReadMode, into reply: inout ReplyWriter
  ) throws(LookupError) {
    do throws(StoreError) {
      let reader = try store.store.reader(
        of: view, features: [feature], snapshot: store.store.snapshot())
      let value = try reader.answer(entity, at: time, mode)[0]
      let slices = try reader.explain(0, entity, at: time, mode)
      reply.map(2)
      reply.bulk("value")
      reply.typed(value)
      reply.bulk("slices")
      reply.array(slices.count)
      for slice in slices {
        reply.map(3)
        reply.bulk("slice")
        reply.typed(.timestamp(slice.slice))
        reply.bulk("arrival")
        reply.typed(.timestamp(slice.arrival))
        reply.bulk("value")
        reply.typed(slice.value)
      }
    } catch { throw LookupError(error) }
  }
}
