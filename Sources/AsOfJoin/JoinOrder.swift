// The rows of a piece in the store's own order: by the hash of the key, then by time, so that every entity is
// met once and its rows run forward in time. A radix sort: rows are dealt out by the first bits of their hash
// into parts that fit a core's cache, in parallel, and each part is put in order by whoever answers it. The
// rows' keys go along, since to fetch them later from all over the spine costs more than all else here.
import Dispatch
import FeatureModel

/// A row, small enough to be moved around.
struct JoinItem: BitwiseCopyable {
  let hash: UInt64
  /// Epoch milliseconds.
  let time: Int64
  /// In the spine.
  let row: UInt32
  /// Where the key lies in its part.
  let key: UInt32
}

/// The items of one piece of a spine, in parts of ascending hashes.
final class JoinOrder: @unchecked Sendable {
  // Unchecked: threads write disjoint ranges, and meet at the end of each phase.

  /// Of the peak, beside the key: an item, the hash while rows are dealt out, and the key's length.
  static let bytesPerRow =
    MemoryLayout<JoinItem>.stride + MemoryLayout<UInt64>.stride + PartKeys.overhead
  /// About as many items as fit a core's cache.
  private static let itemsPerPart = 4096
  /// Of a part's keys, so that their places fit 32 bits.
  private static let partBytesMax = Int(UInt32.max)

  let rows: Range<Int>
  /// The number of parts.
  let parts: Int
  let partBits: Int
  /// Rows with a null in their key, which have no place in the store.
  private(set) var rowsWithoutKey: [UInt32] = []
  private var items: JoinArena<JoinItem>
  private var keys: JoinArena<UInt8>
  /// Where each part ends; the first begins at zero.
  private var ends: [Extent] = []

  /// Items and bytes of keys.
  struct Extent {
    var items = 0
    var bytes = 0
  }

  /// Reads the keys and times of a range of rows.
  /// - Returns: nil where that takes more than `budget` bytes, and the range is to be cut.
  /// - Complexity: O(rows), shared by `threads`.
  init?(
    _ spine: SpineRows, _ rows: Range<Int>, threads: Int, budget: Int
  ) throws(SpineError) {
    self.rows = rows
    partBits = max(0, min(12, Int.bitWidth - (rows.count / Self.itemsPerPart).leadingZeroBitCount))
    parts = 1 << partBits
    items = JoinArena(count: 0)
    keys = JoinArena(count: 0)
    let hashes = JoinArena<UInt64>(count: rows.count)
    let shares = try count(spine, hashes, threads)
    let bytes = ends.last!.bytes
    let isSplit = zip(ends, [Extent()] + ends).contains { $0.bytes - $1.bytes > Self.partBytesMax }
    if rows.count > 1, isSplit || bytes + rows.count * Self.bytesPerRow > budget { return nil }
    items = JoinArena(count: ends.last!.items)
    keys = JoinArena(count: bytes)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      self.place(self.share(thread, threads), spine, hashes, &shares[thread].places)
    }
  }

  /// The items of a part, which belong to the caller from now on, and their keys.
  func part(_ part: Int) -> (items: UnsafeMutableBufferPointer<JoinItem>, keys: PartKeys) {
    let start = part == 0 ? Extent() : ends[part - 1]
    return (
      items.slice(start.items..<ends[part].items),
      PartKeys(UnsafeRawBufferPointer(keys.slice(start.bytes..<ends[part].bytes)))
    )
  }

  /// What a thread found in its share of the rows.
  private struct Share {
    /// Of each part; then where the thread puts its first.
    var places: [Extent]
    var withoutKey: [UInt32] = []
    var error: SpineError?
  }

  private func share(_ thread: Int, _ threads: Int) -> Range<Int> {
    rows.count * thread / threads..<rows.count * (thread + 1) / threads
  }

  /// The part of a hash.
  @inline(__always)
  private func part(of hash: UInt64) -> Int {
    partBits == 0 ? 0 : Int(truncatingIfNeeded: hash &>> UInt64(64 - partBits))
  }

  /// Looks at all rows; finds where parts end, and where each thread begins in each of them.
  private func count(
    _ spine: SpineRows, _ hashes: JoinArena<UInt64>, _ threads: Int
  ) throws(SpineError) -> Shares<Share> {
    let none = Share(places: Array(repeating: Extent(), count: parts))
    let shares = Shares(count: threads, none)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      self.count(self.share(thread, threads), spine, hashes, &shares[thread])
    }
    for thread in 0..<threads {
      if let error = shares[thread].error { throw error }
      rowsWithoutKey += shares[thread].withoutKey
    }
    var next = Extent()
    for part in 0..<parts {
      for thread in 0..<threads {
        let found = shares[thread].places[part]
        shares[thread].places[part] = next
        next.items += found.items
        next.bytes += found.bytes
      }
      ends.append(next)
    }
    return shares
  }

  /// Hashes a share of the rows, checks their times and measures what goes to each part.
  private func count(
    _ share: Range<Int>, _ spine: SpineRows, _ hashes: JoinArena<UInt64>, _ found: inout Share
  ) {
    var spine = spine
    for index in share {
      let row = rows.lowerBound + index
      do throws(SpineError) {
        _ = try spine.time(row)
        _ = try spine.known(row)
      } catch {
        found.error = error
        return
      }
      let (hash, bytes) = spine.withKey(row) { key in
        key.map { (EntityHash.of($0), $0.count + PartKeys.overhead) } ?? (0, 0)
      }
      hashes[index] = hash
      if bytes > 0 {
        let part = part(of: hash)
        found.places[part].items += 1
        found.places[part].bytes += bytes
      } else {
        found.withoutKey.append(UInt32(row))
      }
    }
  }

  /// Puts a share's items and keys into their parts.
  private func place(
    _ share: Range<Int>, _ spine: SpineRows, _ hashes: JoinArena<UInt64>,
    _ places: inout [Extent]
  ) {
    var spine = spine
    for index in share {
      let row = rows.lowerBound + index
      // Checked when it was counted.
      let time = (try? spine.time(row))!.milliseconds
      spine.withKey(row) { key in
        guard let key else { return }
        let hash = hashes[index]
        let part = part(of: hash)
        let place = places[part]
        let start = part == 0 ? 0 : ends[part - 1].bytes
        items[place.items] = JoinItem(
          hash: hash, time: time, row: UInt32(row), key: UInt32(place.bytes - start))
        PartKeys.write(
          key, to: keys.slice(place.bytes..<place.bytes + PartKeys.overhead + key.count))
        places[part].items += 1
        places[part].bytes += PartKeys.overhead + key.count
      }
    }
  }
}
