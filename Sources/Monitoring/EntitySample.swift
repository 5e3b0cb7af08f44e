// Which entities a served log records: the same ones in every process and on every thread, for all of their
// answers, so that what one entity was told over time is either all there or not at all.

/// One entity in so many, by its hash.
public struct EntitySample: Hashable, Sendable {
  /// 1 records every entity.
  public let oneIn: UInt32
  @usableFromInline let limit: UInt64

  public init(oneIn: UInt32) {
    self.oneIn = max(oneIn, 1)
    limit = UInt64.max / UInt64(self.oneIn)
  }

  /// The store orders, shards and buckets entities by bits of the same hash: it is stirred first, so that a
  /// sample takes as much from each shard.
  @inlinable
  public func contains(hash: UInt64) -> Bool {
    var mixed = (hash ^ hash &>> 32) &* 0xD6E8_FEB8_6659_FD93
    mixed = (mixed ^ mixed &>> 32) &* 0xD6E8_FEB8_6659_FD93
    return mixed ^ mixed &>> 32 <= limit
  }
}
