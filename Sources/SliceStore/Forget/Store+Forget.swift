// Forgetting an entity: kept events are rewritten without it piece by piece, then its blocks go with the last
// of them in one step. A process that is killed in between has forgotten a part; the next call does the rest,
// and the record `erasing` tells it which table files may still have what is gone.
import Aggregates
import FeatureModel
import Rocks

extension Store {
  /// Erases an entity from all views that have its fields in their keys, and from all kept events that have its
  /// values; then from the table files and the write-ahead log. What arrives of it later is taken in as of an
  /// entity that was never seen. Called again, it goes on where an earlier call was cut off.
  /// - Returns: what was erased, and what a reading of everything finds to be left of it.
  /// - Complexity: O(bytes stored).
  public func forget(_ parts: [EntityPart]) throws(StoreError) -> ForgetReport {
    var report = try erase(parts)
    report.add(try find(parts))
    return report
  }

  /// Erases without looking for what is left.
  public func erase(_ parts: [EntityPart]) throws(StoreError) -> ForgetReport {
    try requireWritable()
    return try forgetting.withLock { _ throws(StoreError) in
      var report = ForgetReport(fields: parts.map(\.field))
      let pending = try pendingErasure()
      var touched: [[UInt8]] = []
      // What came while keys were looked through is found by doing so again.
      for _ in 0..<Self.rounds {
        let target = try registry.withLock { registry throws(StoreError) in
          try ForgetTarget(parts, registry)
        }
        var erasure = Erasure(target, pending)
        let isDone = try erase(&erasure)
        report.add(erasure.report)
        touched += erasure.touched
        if isDone, try keysByScan(target).values.allSatisfy(\.isEmpty) { break }
      }
      try shred(touched, pending, &report)
      return report
    }
  }
}

extension Store {
  private static let rounds = 4

  /// - Returns: false where something was declared anew meanwhile, and may store the entity in another way.
  private func erase(_ erasure: inout Erasure) throws(StoreError) -> Bool {
    let target = erasure.target
    var ends: [UInt64] = []
    for stream in target.streams {
      ends.append(try eraseChunks(of: stream, from: 0, isLast: false, &erasure))
    }
    let keys = try keysByScan(target)
    return try writer.withLock { _ throws(StoreError) in
      let current = try registry.withLock { registry throws(StoreError) in
        try ForgetTarget(target.parts, registry).declarations
      }
      guard current == target.declarations else {
        try write(&erasure)
        return false
      }
      for (stream, end) in zip(target.streams, ends) {
        _ = try eraseChunks(of: stream, from: end, isLast: true, &erasure)
      }
      try finish(&erasure, keys)
      return true
    }
  }
}

/// One erasure in progress.
private struct Erasure: ~Copyable {
  let target: ForgetTarget
  var report: ForgetReport
  /// Keys under which something of the entity stood.
  var touched: [[UInt8]] = []
  var changes = WriteBatch()
  /// Keys of indexes that lead to events of these chunks.
  var unnamed: [[UInt8]] = []
  /// Chunks that `changes` writes anew.
  var chunks: [(key: [UInt8], value: [UInt8])] = []
  var chunkBytes = 0
  var pending: PendingErasure

  init(_ target: ForgetTarget, _ pending: PendingErasure) {
    self.target = target
    self.pending = pending
    report = ForgetReport(fields: target.parts.map(\.field))
    for view in target.views {
      self.report.add(.init(kind: "view", name: view.view.declaration.name, unit: "blocks"))
    }
    for stream in target.streams {
      self.report.add(
        .init(kind: "kept events", name: stream.stream.declaration.name, unit: "events"))
    }
  }
}

extension Store {
  /// Erases the entity's events from a log, from one chunk on; what the last step is left with is for the
  /// caller to write.
  /// - Returns: the number of the chunk behind the last that was looked at.
  private func eraseChunks(
    of kept: ForgetTarget.KeptStream, from first: UInt64, isLast: Bool,
    _ erasure: inout Erasure
  ) throws(StoreError) -> UInt64 {
    let (lower, upper) = KeptKey.range(kept.log, from: first)
    let reader = KeptChunkReader(kept.stream.declaration)
    var batch = EventBatch(kept.stream.declaration)
    var end = first
    var cursor = database.cursor(
      in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper, fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      if let number = KeptKey.chunkNumber(cursor.key) {
        end = number + 1
        batch.removeAll()
        do throws(CodecError) {
          _ = try reader.read(cursor.value, into: &batch)
          let rows = kept.matcher.rows(of: batch)
          if !rows.isEmpty {
            let erased = try KeptChunkReader.erasing(rows, of: cursor.value)
            let gone = Set(rows.map { UInt32($0) })
            let named = try indexEntries(
              number, cursor.value, of: kept.stream.declaration, in: kept.log
            ).filter { gone.contains($0.place.row) }
            erasure.take(Array(cursor.key), erased, rows.count, kept)
            erasure.unnamed += named.map {
              EventIndex.key(kept.log, $0.slot, $0.hash, $0.place)
            }
          }
        } catch { throw .corrupt(what: "kept events with key \(SliceKey.hex(cursor.key))", error) }
        if erasure.chunkBytes > options.forgetStepBytes {
          if isLast {
            try write(&erasure)
          } else {
            try writer.withLock { _ throws(StoreError) in
              try write(&erasure)
            }
          }
        }
      }
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    return end
  }

  /// Writes the chunks that wait, those that were let go meanwhile excepted. Called with the writer's lock.
  private func write(_ erasure: inout Erasure) throws(StoreError) {
    try stage(&erasure)
    try StoreError.wrap { () throws(RocksError) in
      try database.write(erasure.changes, sync: true)
      erasure.changes.clear()
    }
  }

  private func stage(_ erasure: inout Erasure) throws(StoreError) {
    for chunk in erasure.chunks {
      let stands = try StoreError.wrap { () throws(RocksError) in
        try database.get(key: chunk.key, in: slices) != nil
      }
      if stands { erasure.changes.put(key: chunk.key, value: chunk.value, in: slices) }
    }
    for key in erasure.unnamed { erasure.changes.delete(key: key, in: slices) }
    erasure.touched += erasure.unnamed
    erasure.unnamed.removeAll()
    erasure.chunks.removeAll()
    erasure.chunkBytes = 0
    if !erasure.pending.numbers.isEmpty {
      put([(PendingErasure.key, erasure.pending.record)], into: &erasure.changes)
    }
  }

  /// The blocks of keys of which the entity is a part: nothing but a reading of all keys finds them.
  private func keysByScan(_ target: ForgetTarget) throws(StoreError) -> [ViewID: [[UInt8]]] {
    var found: [ViewID: [[UInt8]]] = [:]
    for keyed in target.views where keyed.key == nil {
      found[keyed.view.id] = try keys(in: SliceKey.range(view: keyed.view.id)) {
        keyed.matches($0.entity)
      }
    }
    return found
  }

  /// The blocks of an entity that is the whole key of a view.
  private func keys(
    of key: EntityKey, in view: RegisteredView
  ) throws(StoreError) -> [[UInt8]] {
    var found: [[UInt8]] = []
    for group in view.plan.groups {
      var prefix: [UInt8] = []
      key.bytes.withUnsafeBytes {
        SliceKey.append(
          view: view.id, group: group.number, hash: key.hash64, entity: $0, block: 0, to: &prefix)
      }
      prefix.removeLast(4)
      // Where a hash is shared, a longer entity may begin with the same bytes.
      found += try keys(in: (prefix, prefix + [UInt8](repeating: 0xFF, count: 5))) {
        $0.entity.elementsEqual(key.bytes)
      }
    }
    return found
  }

  private func keys(
    in range: (lower: [UInt8], upper: [UInt8]), where isWanted: (ParsedSliceKey) -> Bool
  ) throws(StoreError) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var cursor = database.cursor(
      in: slices,
      options: ReadOptions(lowerBound: range.lower, upperBound: range.upper, fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      if let parsed = ParsedSliceKey(cursor.key), isWanted(parsed) {
        found.append(Array(cursor.key))
      }
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    return found
  }

  /// The last step: the entity's blocks, what waits of its events, and a line in the audit trail. Called with
  /// the writer's lock.
  private func finish(
    _ erasure: inout Erasure, _ scanned: [ViewID: [[UInt8]]]
  ) throws(StoreError) {
    for keyed in erasure.target.views {
      let view = keyed.view
      let keys: [[UInt8]]
      if let key = keyed.key {
        keys = try self.keys(of: key, in: view)
      } else {
        keys = scanned[view.id] ?? []
      }
      if keys.isEmpty { continue }
      erasure.pending.views.insert(view.id.number)
      for key in keys { erasure.changes.delete(key: key, in: slices) }
      erasure.touched += keys
      erasure.report.add(
        .init(
          kind: "view", name: view.declaration.name, unit: "blocks", erased: keys.count))
    }
    let lines = erasure.report.lines
    if !lines.isEmpty {
      let fields = erasure.report.fields.map { "'\($0)'" }.joined(separator: ", ")
      let entry = AuditEntry("forgot", "an entity named by \(fields)", lines: lines)
      put([audit(entry)], into: &erasure.changes)
    }
    try write(&erasure)
    // Buffers of writers and readers may hold its key.
    noteForgotten()
    for keyed in erasure.target.views { mark(of: keyed.view).revise() }
    forgetPlans()
  }
}

extension Erasure {
  fileprivate mutating func take(
    _ key: [UInt8], _ value: [UInt8], _ events: Int, _ kept: ForgetTarget.KeptStream
  ) {
    pending.logs.insert(kept.log.taker.number)
    chunks.append((key, value))
    chunkBytes += value.count
    touched.append(key)
    report.add(
      .init(
        kind: "kept events", name: kept.stream.declaration.name, unit: "events", erased: events))
  }
}
