// Seals and floors: the two marks that only ever move forward. A seal says before which instant nothing
// can arrive any more; a floor, before which slice nothing is kept.
import FeatureModel
import Rocks

extension Store {
  /// Events that are stored from now on arrive no earlier than `time`. Writes in progress end first, so
  /// every write with an earlier arrival is visible when this returns. The same seal again is fine. Streams
  /// that the stream's views join are sealed with it.
  public func seal(_ stream: String, at time: Timestamp) throws(StoreError) {
    try requireWritable()
    try writer.withLock { _ throws(StoreError) in
      let known = try self.stream(stream)
      if let seal = known.seal {
        if seal == time { return }
        if time < seal { throw .sealMovesBack(stream: stream, from: seal, to: time) }
      }
      var changes = WriteBatch()
      changes.put(
        key: Array("seal/\(stream)".utf8), value: Array(String(time.milliseconds).utf8), in: meta)
      let log = try letGo(of: known, sealedAt: time, &changes)
      let joined = try sealJoined(of: [stream], at: time, into: &changes)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock {
        for name in joined.union([stream]) { $0.streams[name]?.seal = time }
        if let log { $0.streams[stream]?.kept = log }
      }
    }
  }

  /// Gives up the slices of a view that end before `time`, and their space. Requests that need them are
  /// refused from now on; answers about later slices do not change. A view with lifetime windows needs all.
  /// - Returns: the first slice that is kept; an earlier `time` than before changes nothing.
  @discardableResult
  public func expire(_ view: String, before time: Timestamp) throws(StoreError) -> Slice {
    try requireWritable()
    let floor = try writer.withLock { _ throws(StoreError) in
      var known = try self.view(view)
      let slice = known.declaration.slice.slice(of: time)
      if let lifetime = known.declaration.features.first(where: \.window.isLifetime) {
        throw .invalid(
          "nothing of view '\(view)' can expire: '\(lifetime.name)' is over a lifetime and needs all slices. "
            + "Leave out such features first")
      }
      if let floor = known.floor, floor >= slice { return floor }
      let name = known.declaration.name
      try putMeta([("floor/\(name)", String(slice.index))])
      known.floor = slice
      registry.withLock { $0.views[name]?.floor = slice }
      mark(of: known).moveFloor(to: slice.index)
      retention.set(known)
      noteHistory(of: [known])
      return slice
    }
    let range = SliceKey.range(view: try self.view(view).id)
    // The filter sees no merge operands: the first pass makes values of them, the second drops.
    for _ in 0..<2 { compact(range) }
    return floor
  }

  /// Where a view's declared retention puts its floor, given how far its stream is sealed.
  public func declaredFloor(of view: RegisteredView) throws(StoreError) -> Timestamp? {
    guard let retention = view.declaration.retention,
      let seal = try stream(view.declaration.stream).seal
    else { return nil }
    let length = view.declaration.slice
    let slice = Slice(index: length.slice(of: seal).index - retention.slices)
    return max(length.start(of: slice), .earliest)
  }

  func compact(_ range: (lower: [UInt8], upper: [UInt8])) {
    database.compactRange(in: slices, from: range.lower, to: range.upper, bottommost: .force)
  }
}
