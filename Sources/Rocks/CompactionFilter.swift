// Values that are dropped or rewritten as compactions pass over them: the protocol, and the
// callbacks through which RocksDB calls it.
//
// RocksDB copies a replaced value but never frees what it was given, so each run of a filter owns
// one buffer that lives as long as the run. That needs a filter for each run, hence the factory: a
// single filter object would be shared by several threads, and RocksDB would not own it either.

internal import CRocksDB
internal import Glibc

/// Decides, value by value, what survives a compaction.
///
/// It is called by compaction threads, several at once, and never at flushes. RocksDB promises only
/// that a key that stays will be looked at in *some* compaction, so a filter saves space; it must
/// not be what makes an answer right. In particular
/// - it is not asked about merge operands, nor about the result of a merge in the compaction that
///   makes it: that is a plain value from the next compaction on,
/// - it ignores snapshots: what it removes is gone from them too,
/// - files that a compaction moves without rewriting pass it by.
public protocol CompactionFilter: AnyObject, Sendable {
  /// A name for RocksDB's log.
  var name: String { get }

  /// What to do with the value at `key`, which is being moved from `level` to the next one. The
  /// bytes are borrowed for the length of the call.
  func decide(
    level: Int, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) -> CompactionDecision
}

/// What a compaction does with a value.
public enum CompactionDecision: Hashable, Sendable {
  case keep
  case remove
  case replace([UInt8])
}

/// What RocksDB holds for a compaction filter, for the factory and again for each run.
private final class FilterBox {
  let filter: any CompactionFilter
  let name: UnsafeMutablePointer<CChar>
  /// The last replaced value of this run; RocksDB has copied it when it calls again.
  private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ filter: any CompactionFilter) {
    self.filter = filter
    name = strdup(filter.name)
  }

  deinit {
    free(name)
    scratch.deallocate()
  }

  func keepForCopying(_ value: [UInt8]) -> UnsafeMutablePointer<CChar> {
    if scratch.count <= value.count {
      scratch.deallocate()
      scratch = .allocate(byteCount: max(64, 2 * value.count), alignment: 1)
    }
    scratch.copyBytes(from: value)
    return scratch.baseAddress!.assumingMemoryBound(to: CChar.self)
  }

  @inline(__always)
  static func at(_ state: UnsafeMutableRawPointer?) -> FilterBox {
    Unmanaged<FilterBox>.fromOpaque(state!).takeUnretainedValue()
  }
}

/// RocksDB's factory of filters that call `filter`. Whoever sets it in an options object gives it
/// away.
func makeCompactionFilterFactory(_ filter: any CompactionFilter) -> OpaquePointer {
  rocksdb_compactionfilterfactory_create(
    Unmanaged.passRetained(FilterBox(filter)).toOpaque(),
    { Unmanaged<FilterBox>.fromOpaque($0!).release() },
    { state, _ in makeRun(FilterBox.at(state).filter) },
    { UnsafePointer(FilterBox.at($0).name) })
}

/// The filter of one compaction run, used by one thread.
private func makeRun(_ filter: any CompactionFilter) -> OpaquePointer {
  rocksdb_compactionfilter_create(
    Unmanaged.passRetained(FilterBox(filter)).toOpaque(),
    { Unmanaged<FilterBox>.fromOpaque($0!).release() },
    { state, level, key, keyCount, value, valueCount, newValue, newCount, isChanged in
      let box = FilterBox.at(state)
      let decision = box.filter.decide(
        level: Int(level), key: bytes(key, keyCount), value: bytes(value, valueCount))
      isChanged!.pointee = 0
      switch decision {
      case .keep:
        return 0
      case .remove:
        return 1
      case .replace(let bytes):
        newValue!.pointee = box.keepForCopying(bytes)
        newCount!.pointee = bytes.count
        isChanged!.pointee = 1
        return 0
      }
    },
    { UnsafePointer(FilterBox.at($0).name) })
}
