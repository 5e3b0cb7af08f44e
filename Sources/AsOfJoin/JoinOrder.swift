// The rows of a piece in the store's own order: by the hash of the key, then by time, so that every entity is
// met once and its rows run forward in time. A radix sort: rows are dealt out by the first bits of their hash
// into parts that fit a core's cache, in parallel, and each part is put in order by whoever answers it.
import Dispatch
import FeatureModel

/// A row, small enough to be moved around.
struct JoinItem {
  let hash: UInt64
  /// Epoch milliseconds.
  let time: Int64
  /// In the spine.
  let row: UInt32
}

/// The items of one piece of a spine, in parts of ascending hashes.
final class JoinOrder: @unchecked Sendable {
  // Unchecked: threads write disjoint ranges, and meet at the end of each phase.

  /// Of the peak: an item, and the hash beside it while rows are dealt out.
  static let bytesPerRow = MemoryLayout<JoinItem>.stride + MemoryLayout<UInt64>.stride
  /// About as many items as fit a core's cache.
  private static let itemsPerPart = 4096

  let rows: Range<Int>
  /// The number of parts.
  let parts: Int
  let partBits: Int
  private let items: UnsafeMutableBufferPointer<JoinItem>
  /// The end of each part in `items`; for part 0, the start is 0.
  private var ends: [Int]
  /// Rows with a null in their key, which have no place in the store.
  private(set) var rowsWithoutKey: [UInt32] = []

  /// Reads the keys and times of a range of rows.
  /// - Complexity: O(rows), shared by `threads`.
  init(_ spine: SpineRows, _ rows: Range<Int>, threads: Int) throws(SpineError) {
    self.rows = rows
    partBits = max(0, min(12, Int.bitWidth - (rows.count / Self.itemsPerPart).leadingZeroBitCount))
    parts = 1 << partBits
    items = .allocate(capacity: max(rows.count, 1))
    ends = []
    try deal(spine, threads: threads)
  }

  deinit { items.deallocate() }

  /// The items of a part, which belong to the caller from now on.
  func part(_ part: Int) -> UnsafeMutableBufferPointer<JoinItem> {
    UnsafeMutableBufferPointer(rebasing: items[(part == 0 ? 0 : ends[part - 1])..<ends[part]])
  }

  /// What a thread found in its share of the rows.
  private struct Share {
    var counts: [Int]
    var withoutKey: [UInt32] = []
    var error: SpineError?
  }

  private func deal(_ spine: SpineRows, threads: Int) throws(SpineError) {
    let hashes = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: max(rows.count, 1))
    defer { hashes.deallocate() }
    let shared = UncheckedBox((hashes, spine))
    let shares = Shares(count: threads, Share(counts: Array(repeating: 0, count: parts + 1)))
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var spine = shared.value.1
      self.count(self.share(thread, threads), &spine, shared.value.0, &shares[thread])
    }
    for thread in 0..<threads {
      if let error = shares[thread].error { throw error }
      rowsWithoutKey += shares[thread].withoutKey
    }
    var next = 0
    for part in 0..<parts {
      for thread in 0..<threads {
        let count = shares[thread].counts[part]
        shares[thread].counts[part] = next
        next += count
      }
      ends.append(next)
    }
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var spine = shared.value.1
      self.place(self.share(thread, threads), &spine, shared.value.0, &shares[thread].counts)
    }
  }

  private func share(_ thread: Int, _ threads: Int) -> Range<Int> {
    rows.count * thread / threads..<rows.count * (thread + 1) / threads
  }

  /// The part of a hash.
  @inline(__always)
  private func part(of hash: UInt64) -> Int {
    partBits == 0 ? 0 : Int(hash >> UInt64(64 - partBits))
  }

  /// Hashes a share of the rows, checks their times and counts the items of each part.
  private func count(
    _ share: Range<Int>, _ spine: inout SpineRows, _ hashes: UnsafeMutableBufferPointer<UInt64>,
    _ found: inout Share
  ) {
    for index in share {
      let row = rows.lowerBound + index
      do throws(SpineError) {
        _ = try spine.time(row)
        _ = try spine.known(row)
      } catch {
        found.error = error
        return
      }
      let hash = spine.withKey(row) { $0.map { EntityHash.of($0) } }
      if let hash {
        hashes[index] = hash
        found.counts[part(of: hash)] += 1
      } else {
        found.withoutKey.append(UInt32(row))
      }
    }
  }

  private func place(
    _ share: Range<Int>, _ spine: inout SpineRows, _ hashes: UnsafeMutableBufferPointer<UInt64>,
    _ next: inout [Int]
  ) {
    var withoutKey = rowsWithoutKey.partitioningIndex(from: rows.lowerBound + share.lowerBound)
    for index in share {
      let row = UInt32(rows.lowerBound + index)
      if withoutKey < rowsWithoutKey.count, rowsWithoutKey[withoutKey] == row {
        withoutKey += 1
        continue
      }
      let hash = hashes[index]
      // Checked when it was counted.
      let time = (try? spine.time(Int(row)))!.milliseconds
      let part = part(of: hash)
      (items.baseAddress! + next[part]).initialize(
        to: JoinItem(hash: hash, time: time, row: row))
      next[part] += 1
    }
  }
}

extension [UInt32] {
  /// The first index whose number is at least `row`; the numbers ascend.
  fileprivate func partitioningIndex(from row: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if Int(self[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// One value for each thread, in memory that threads do not share.
final class Shares<Value>: @unchecked Sendable {
  // Unchecked: each thread touches its own value only.
  private let values: UnsafeMutableBufferPointer<Value>

  init(count: Int, _ value: Value) {
    values = .allocate(capacity: count)
    values.initialize(repeating: value)
  }

  deinit {
    values.deinitialize()
    values.deallocate()
  }

  subscript(thread: Int) -> Value {
    get { values[thread] }
    _modify { yield &values[thread] }
  }
}

/// Hands values to threads that share them by construction.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
