// Reads all that is stored and checks it: RocksDB's checksums, keys against their hashes, blocks against
// the registry, every column to its last entry.
import Aggregates
import FeatureModel
import Rocks

/// What a verification read, and what it found.
public struct VerifyReport: Sendable {
  public var blocks = 0
  public var entries = 0
  public var positions = 0
  public var keptEvents = 0
  /// Keys and values, in bytes.
  public var bytes = 0
  /// One line per defect; empty is good.
  public var defects: [String] = []
}

extension Store {
  /// Never stops at a defect that it can step over; keeps the first `limit` of them.
  /// - Complexity: O(bytes stored).
  public func verify(
    limit: Int = 100, progress: (VerifyReport) -> Void = { _ in }
  ) throws(StoreError) -> VerifyReport {
    var report = VerifyReport()
    let known = views + building.map(\.view)
    let plans = Dictionary(uniqueKeysWithValues: known.map { ($0.id, $0.plan) })
    var cursor = database.cursor(
      in: slices, options: ReadOptions(verifyChecksums: true, fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      let defect = Self.check(cursor.key, cursor.value, plans, &report)
      if let defect, report.defects.count < limit { report.defects.append(defect) }
      report.bytes += cursor.key.count + cursor.value.count
      if report.blocks & 0xFFFF == 0 { progress(report) }
      cursor.next()
    }
    do throws(RocksError) { try cursor.check() } catch {
      report.defects.append("reading stopped: \(error)")
    }
    return report
  }

  private static func check(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ plans: [ViewID: ViewPlan],
    _ report: inout VerifyReport
  ) -> String? {
    if key.count >= 8, key.bigEndian32(at: 0) == 0 {
      report.positions += 1
      return nil
    }
    if let kept = KeptKey.number(of: key) {
      do throws(CodecError) {
        switch kept.kind {
        case .chunk: report.keptEvents += try KeptChunkReader.head(value).count
        case .correction: _ = try Retractions.read(value)
        case .index: break
        }
        return nil
      } catch { return "kept events with key \(SliceKey.hex(key)): \(error)" }
    }
    if EventIndex.place(of: key) != nil { return nil }
    report.blocks += 1
    let name = "block \(report.blocks)"
    guard let parsed = ParsedSliceKey(key) else { return "\(name): a key of \(key.count) bytes" }
    guard let plan = plans[parsed.view] else {
      return "\(name): view \(parsed.view.number) is not registered"
    }
    guard let group = plan.groups.first(where: { $0.number == parsed.group }) else {
      return "\(name): view '\(plan.declaration.name)' has no group \(parsed.group)"
    }
    guard EntityHash.of(parsed.entity) == parsed.hash else {
      return "\(name): the hash in the key is not that of its entity"
    }
    do throws(CodecError) {
      report.entries += try check(value, plan, group)
      return nil
    } catch {
      return "\(name) of view '\(plan.declaration.name)': \(error)"
    }
  }

  private static func check(
    _ value: UnsafeRawBufferPointer, _ plan: ViewPlan, _ group: ViewPlan.Group
  ) throws(CodecError) -> Int {
    let block = try BlockView(value)
    try block.checkEntries(slicesPerBlock: group.cut.slicesPerBlock)
    try block.checkEnd()
    guard block.columnCount == group.columns.count else {
      throw .malformed("\(block.columnCount) columns instead of \(group.columns.count)")
    }
    for (place, column) in group.columns.enumerated() {
      let accumulator = plan.columns[column].spec.make()
      guard block.code(ofColumn: place) == accumulator.code else {
        throw .malformed("column \(place) has codec \(block.code(ofColumn: place))")
      }
      try accumulator.fold(
        try block.column(place), rows: block.entryCount, entries: 0..<block.entryCount)
    }
    return block.entryCount
  }
}
