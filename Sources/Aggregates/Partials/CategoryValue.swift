// What a `CategoryMap` holds for each category: a small commutative monoid with a short codec of its own,
// since the values of a map have no column in common. The bytes follow from the value alone.

/// The value of one category.
public protocol CategoryValue: Equatable, Sendable {
  /// What stands in a block's header for maps of such values; frozen.
  static var code: UInt8 { get }

  /// Neutral; as good as any other neutral value for all but events.
  init()
  mutating func absorb(word: UInt64)
  mutating func merge(_ other: Self)
  /// Appends the value; the same bytes for equal values.
  func encode(into bytes: inout [UInt8])
  /// Takes a value off the bytes' head. Never reads outside of them: any defect throws.
  init(_ bytes: inout UnsafeRawBufferPointer) throws(CodecError)
}

/// Counts and sums.
public struct CategorySum: CategoryValue {
  public static var code: UInt8 { 40 }
  private(set) var partial: SumPartial

  public init() { self.init(.one) }
  public init(_ input: SumPartial.Input) { partial = SumPartial(input) }

  public mutating func absorb(word: UInt64) { partial.absorb(word: word, time: 0) }
  public mutating func merge(_ other: Self) { partial.merge(other.partial) }
  /// The value times a weight, exactly.
  mutating func weigh(_ weight: HalfLifeWeights.Weight) {
    let whole = partial.sum
    partial.reset()
    partial.sum.merge(whole, times: weight)
  }
  public func encode(into bytes: inout [UInt8]) { LoneSum.encode(partial.sum, into: &bytes) }
  public init(_ bytes: inout UnsafeRawBufferPointer) throws(CodecError) {
    self.init()
    partial.sum = try LoneSum.decode(&bytes)
  }
}

/// A count and a sum, for means.
public struct CategoryMean: CategoryValue {
  public static var code: UInt8 { 41 }
  private(set) var count = SumPartial(.one)
  private(set) var sum: SumPartial

  public init() { self.init(.one) }
  public init(_ input: SumPartial.Input) { sum = SumPartial(input) }

  public mutating func absorb(word: UInt64) {
    count.absorb(word: word, time: 0)
    sum.absorb(word: word, time: 0)
  }
  public mutating func merge(_ other: Self) {
    count.merge(other.count)
    sum.merge(other.sum)
  }
  public func encode(into bytes: inout [UInt8]) {
    LoneSum.encode(count.sum, into: &bytes)
    LoneSum.encode(sum.sum, into: &bytes)
  }
  public init(_ bytes: inout UnsafeRawBufferPointer) throws(CodecError) {
    self.init()
    count.sum = try LoneSum.decode(&bytes)
    sum.sum = try LoneSum.decode(&bytes)
  }
}

/// Which side of an order a category keeps, as a type.
public protocol CategorySide: Sendable {
  static var side: Side { get }
}

public enum LeastSide: CategorySide {
  public static var side: Side { .least }
}

public enum GreatestSide: CategorySide {
  public static var side: Side { .greatest }
}

/// The least word, or the greatest.
public struct CategoryExtremum<Kept: CategorySide>: CategoryValue {
  public static var code: UInt8 { Kept.side.code(least: 42, greatest: 43) }
  private(set) var best: Extremum

  public init() { self.init(.whole) }
  public init(_ order: WordOrder) { best = Extremum(Kept.side, order) }

  public mutating func absorb(word: UInt64) { best.absorb(word: word, time: 0) }
  public mutating func merge(_ other: Self) { best.merge(other.best) }
  public func encode(into bytes: inout [UInt8]) { best.encodeAlone(into: &bytes) }
  public init(_ bytes: inout UnsafeRawBufferPointer) throws(CodecError) {
    self.init()
    try best.decodeAlone(&bytes)
  }
}

public typealias CategoryLeast = CategoryExtremum<LeastSide>
public typealias CategoryGreatest = CategoryExtremum<GreatestSide>

extension Extremum {
  /// Eight bytes; a category is there only where it has a value.
  fileprivate func encodeAlone(into bytes: inout [UInt8]) {
    bytes.append(littleEndian: UInt64(bitPattern: ordered ?? 0), width: 8)
  }

  fileprivate mutating func decodeAlone(
    _ bytes: inout UnsafeRawBufferPointer
  ) throws(CodecError) {
    var reader = ColumnReader(bytes)
    consider(try reader.int64())
    bytes = reader.rest
  }
}
