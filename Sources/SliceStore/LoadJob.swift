// One thread's share of a commit: a range of partitions of one view, built and written as one sorted file
// per group.
import FeatureModel
import Glibc
import Rocks

struct LoadJob: Sendable {
  let plan: ViewPlan
  let sealSlice: Int64?
  /// By group: true where the store holds nothing yet, so that blocks are values instead of deltas.
  let replaces: [Bool]
  /// True where what replaces is not expected to be merged with more of its kind.
  let isSettled: Bool
  let prefix: String
  /// Goes to the head of the first thread's file, whose keys are all above.
  let positions: [PositionRecord]

  /// - Returns: the files written, none empty.
  func run(
    _ builder: DeltaBuilder, _ arenas: [RecordArena], _ partitions: Range<Int>, thread: Int
  ) throws(StoreError) -> [String] {
    let files = GroupFiles(
      paths: plan.groups.map { "\(prefix)-\($0.number)-\(thread).sst" }, replaces: replaces,
      isSettled: isSettled)
    do throws(StoreError) {
      if thread == 0, !positions.isEmpty {
        try StoreError.wrap { () throws(RocksError) in try files.add(positions) }
      }
      for partition in partitions {
        try builder.build(partition: partition, of: arenas, sealSlice: sealSlice) {
          group, key, block throws(StoreError) in
          do throws(RocksError) { try files.add(group, key, block) } catch {
            throw .storage(error)
          }
        }
      }
      return try StoreError.wrap { () throws(RocksError) in try files.finish() }
    } catch {
      files.remove()
      throw error
    }
  }

  /// All files of all threads, or the first error after the others' files are gone.
  static func collect(_ results: [Result<[String], StoreError>]) throws(StoreError) -> [String] {
    let files = results.flatMap { (try? $0.get()) ?? [] }
    for result in results {
      if case .failure(let error) = result {
        for file in files { unlink(file) }
        throw error
      }
    }
    return files
  }
}

/// The key and value of a source's position.
struct PositionRecord: Sendable {
  let key: [UInt8]
  let value: [UInt8]
}

/// The open files of a job, made when their first block comes.
private final class GroupFiles {
  private let paths: [String]
  private let replaces: [Bool]
  private let isSettled: Bool
  private var writers: [FileWriter?]

  /// A class, because an array cannot hold a noncopyable writer.
  private final class FileWriter {
    private var writer: SSTWriter?

    init(_ path: String, _ family: ColumnFamilyOptions) throws(RocksError) {
      writer = try SSTWriter(path: path, family: family)
    }

    func add(
      _ key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer, replaces: Bool
    ) throws(RocksError) {
      if replaces {
        try writer!.put(key: key, value: block)
      } else {
        try writer!.merge(key: key, value: block)
      }
    }

    func add(_ positions: [PositionRecord]) throws(RocksError) {
      for position in positions { try writer!.put(key: position.key, value: position.value) }
    }

    func finish() throws(RocksError) {
      _ = try writer.take()!.finish()
    }
  }

  init(paths: [String], replaces: [Bool], isSettled: Bool) {
    self.isSettled = isSettled
    self.paths = paths
    self.replaces = replaces
    writers = paths.map { _ in nil }
  }

  func add(
    _ group: Int, _ key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer
  ) throws(RocksError) {
    try writer(group).add(key, block, replaces: replaces[group])
  }

  /// Adds positions, in key order, before any block.
  func add(_ positions: [PositionRecord]) throws(RocksError) {
    try writer(0).add(positions)
  }

  private func writer(_ group: Int) throws(RocksError) -> FileWriter {
    if let open = writers[group] { return open }
    let made = try FileWriter(
      paths[group],
      isSettled && replaces[group] ? StoreLayout.sliceOptions() : StoreLayout.loadOptions())
    writers[group] = made
    return made
  }

  func finish() throws(RocksError) -> [String] {
    var finished: [String] = []
    for (path, writer) in zip(paths, writers) {
      guard let writer else { continue }
      try writer.finish()
      finished.append(path)
    }
    return finished
  }

  func remove() {
    for index in writers.indices where writers[index] != nil {
      writers[index] = nil
      unlink(paths[index])
    }
  }
}
