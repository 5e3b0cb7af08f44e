// From the disk, not only from what is read: what was deleted or written anew stands in older table files and
// in the write-ahead log until these go. Files that had one of the keys are compacted until none of them is
// left.
import FeatureModel
import Glibc
import Rocks

extension Store {
  /// Seconds that files may take to go which readers hold open.
  private static let patience = 5

  /// - Parameters:
  ///   - touched: keys under which something was erased.
  ///   - pending: views and logs of which an earlier call has rewritten no files.
  func shred(
    _ touched: [[UInt8]], _ pending: PendingErasure, _ report: inout ForgetReport
  ) throws(StoreError) {
    if touched.isEmpty, pending.numbers.isEmpty { return try addFiles(0, 0, 0, 0, &report) }
    let erased = database.latestSequenceNumber
    let logs = files { $0.hasSuffix(".log") }.filter(hasBytes)
    // Into the table files, so that the logs go.
    try flush()
    waitForSnapshots(before: erased)
    var tables = Set(compact(touched.sorted { $0.lexicographicallyPrecedes($1) }))
    for number in pending.numbers {
      var (lower, upper): ([UInt8], [UInt8]) = ([], [])
      lower.appendBigEndian(number)
      upper.appendBigEndian(number + 1)
      tables.formUnion(files(overlapping: lower, upper))
      compact((lower, upper))
    }
    let tablesLeft = waitFor(tables.sorted())
    let logsLeft = waitFor(logs)
    try addFiles(
      tables.count - tablesLeft, tablesLeft, logs.count - logsLeft, logsLeft, &report)
    let hasSnapshots = isSnapshotHeld(before: erased)
    if hasSnapshots { report.add(.init(kind: "snapshots", unit: "readers", left: 1)) }
    if tablesLeft == 0, logsLeft == 0, !hasSnapshots { try removePendingErasure() }
  }

  private func addFiles(
    _ tables: Int, _ tablesLeft: Int, _ logs: Int, _ logsLeft: Int, _ report: inout ForgetReport
  ) throws(StoreError) {
    report.add(.init(kind: "table files", unit: "files", erased: tables, left: tablesLeft))
    report.add(.init(kind: "write-ahead log", unit: "files", erased: logs, left: logsLeft))
  }

  /// Compacts the files that hold one of the keys, in order.
  /// - Returns: their names.
  private func compact(_ keys: [[UInt8]]) -> [String] {
    var old: Set<String> = []
    // What is compacted at the same time may give a file another name; a few rounds see to that.
    for _ in 0..<4 {
      let holding = holders(of: keys)
      let fresh = holding.filter { !old.contains($0.name) }
      if old.isEmpty { old = Set(fresh.map(\.name)) }
      let due = holding.filter { old.contains($0.name) }
      if due.isEmpty { break }
      for (name, key) in due where database.liveFiles().contains(where: { $0.name == name }) {
        compact((key, key + [0]))
      }
    }
    return old.sorted()
  }

  /// The table files that may hold some of the keys, each with one of them.
  private func holders(of keys: [[UInt8]]) -> [(name: String, key: [UInt8])] {
    database.liveFiles().filter { $0.family == "slices" }.compactMap { file in
      let index = keys.partitioningIndex { !$0.lexicographicallyPrecedes(file.smallestKey) }
      guard index < keys.count, !file.largestKey.lexicographicallyPrecedes(keys[index]) else {
        return nil
      }
      return (file.name, keys[index])
    }
  }

  /// The table files with keys of a half-open range.
  private func files(overlapping lower: [UInt8], _ upper: [UInt8]) -> [String] {
    database.liveFiles().filter { file in
      file.family == "slices" && file.smallestKey.lexicographicallyPrecedes(upper)
        && !file.largestKey.lexicographicallyPrecedes(lower)
    }.map(\.name)
  }

  /// Names of files in the store's folder.
  func files(_ isWanted: (String) -> Bool) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if isWanted(name) { found.append("/" + name) }
    }
    return found.sorted()
  }

  /// False for a file that is gone, and for one with nothing in it, which RocksDB may leave behind.
  private func hasBytes(_ name: String) -> Bool {
    var status = stat()
    return stat(path + name, &status) == 0 && status.st_size > 0
  }

  /// - Returns: how many of the files are still there after a while.
  private func waitFor(_ names: [String]) -> Int {
    var left = 0
    for _ in 0..<Self.patience * 20 {
      left = names.count(where: hasBytes)
      if left == 0 { break }
      usleep(50_000)
    }
    return left
  }

  private func waitForSnapshots(before number: UInt64) {
    for _ in 0..<Self.patience * 20 where isSnapshotHeld(before: number) { usleep(50_000) }
  }

  /// Whether somebody still reads a state from before a change.
  private func isSnapshotHeld(before number: UInt64) -> Bool {
    let oldest = database.integerProperty("rocksdb.oldest-snapshot-sequence", in: slices) ?? 0
    return oldest != 0 && oldest < number
  }
}

extension [[UInt8]] {
  /// The first place, in a sorted array, from which on something is true.
  fileprivate func partitioningIndex(where isBehind: ([UInt8]) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
