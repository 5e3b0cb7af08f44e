// Vectors of feature sets: the kept answers of their views end to end, where a set is a list of features; whole
// vectors, where something is computed.
import FeatureModel
import Hindcast
import Monitoring
import RESP

extension Lookups {
  /// The plan of a set; made where there is none.
  mutating func set(
    _ name: UnsafeRawBufferPointer, _ version: ProtocolVersion, _ now: Timestamp
  ) throws(LookupError) -> SetPlan {
    for known in sets where known.matches(name, version) { return known }
    let text = String(decoding: name, as: UTF8.self)
    let registered: RegisteredSet
    do throws(StoreError) { registered = try store.store.set(text) } catch {
      throw LookupError(error)
    }
    if sets.count >= 64 { sets.removeAll() }
    let set = registered.declaration
    let made =
      set.isPlain
      ? try list(set, Array(name), version, now) : try vector(registered, Array(name), version, now)
    sets.append(made)
    return made
  }

  /// A set that is a list of features: of each run of one view's its answers are kept.
  private mutating func list(
    _ set: FeatureSet, _ name: [UInt8], _ version: ProtocolVersion, _ now: Timestamp
  ) throws(LookupError) -> SetPlan {
    let members = set.members.compactMap(\.feature)
    var runs: [ReadPlan] = []
    var start = 0
    while start < members.count {
      var end = start
      while end < members.count, members[end].view == members[start].view { end += 1 }
      runs.append(
        try plan(
          members[start].view, members[start..<end].map(\.feature), .values, version, now))
      start = end
    }
    return SetPlan(name, version, runs: runs, count: members.count)
  }

  private mutating func vector(
    _ registered: RegisteredSet, _ name: [UInt8], _ version: ProtocolVersion, _ now: Timestamp
  ) throws(LookupError) -> SetPlan {
    let set = registered.declaration
    let (store, rows) = (store, rows)
    do throws(StoreError) {
      let reader = try VectorReader(set, in: store.store) { view, features throws(StoreError) in
        try store.store.reader(of: view, features: features, remembering: rows)
      }
      try advance(now)
      var question: Int?
      if let recorder {
        question = recorder.question(
          try ServedQuestion(registered, in: store.store, version: version))
      }
      let number = numbers.number(
        of: .init(
          states: reader.parts.map(\.reader.state), answers: .vector(of: registered.digest),
          version: version))
      let plan = VectorPlan(number: number, set, reader, question: question)
      return SetPlan(name, version, plan)
    } catch { throw LookupError(error) }
  }

  /// Appends a computed vector as served now: where it was given before in these slices, as it was given.
  mutating func answer(
    _ set: SetPlan, _ vector: VectorPlan, _ words: RequestWords, _ now: Timestamp,
    into out: inout ReplyWriter
  ) throws(LookupError) {
    set.writeWhole(words)
    let slice = vector.slice(of: now.milliseconds)
    let start = out.count
    let mixed = Self.mixed(set.whole.withUnsafeBytes { EntityHash.of($0) }, vector.number)
    if set.fields.count == 1 {
      lookAhead(vector.number, words, set.plainValue(words))
    }
    let kept = set.whole.withUnsafeBytes {
      arena.find(mixed, plan: vector.number, key: $0, slice: slice)
    }
    if let kept {
      hits &+= 1
      out.append(raw: kept)
    } else {
      misses &+= 1
      try vector.read(set, words, sealedAt: now, into: &out)
      out.bytes.withUnsafeBytes { bytes in
        set.whole.withUnsafeBytes { key in
          arena.insert(
            mixed, plan: vector.number, key: key, slice: slice,
            reply: UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
      }
    }
    if let recorder { vector.record(to: recorder, set.whole, at: now, out, from: start) }
  }

  /// The same at any instant in any mode, past the arena.
  func answer(
    _ set: SetPlan, _ vector: VectorPlan, _ words: RequestWords, at time: Timestamp,
    _ mode: ReadMode, into out: inout ReplyWriter
  ) throws(LookupError) {
    set.writeWhole(words)
    let start = out.count
    try vector.read(set, words, at: time, mode, store, into: &out)
    guard mode == .asServed, let recorder else { return }
    vector.record(to: recorder, set.whole, at: time, out, from: start)
  }

  /// Appends the values of a plan without the header of their array.
  mutating func answerRun(
    _ plan: ReadPlan, _ entity: UnsafeRawBufferPointer, _ now: Timestamp,
    into out: inout ReplyWriter
  ) throws(LookupError) {
    let start = out.count
    try answer(plan.entry, entity, now, into: &out)
    out.removeHeader(at: start)
  }

  /// The same at any instant in any mode.
  mutating func answerRun(
    _ plan: ReadPlan, _ entity: UnsafeRawBufferPointer, at time: Timestamp, _ mode: ReadMode,
    into out: inout ReplyWriter
  ) throws(LookupError) {
    let start = out.count
    try answer(plan, entity, at: time, mode, into: &out)
    out.removeHeader(at: start)
  }
}
