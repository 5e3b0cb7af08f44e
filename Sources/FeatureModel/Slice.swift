// Slices and windows: half-open UTC intervals of one fixed length, aligned to the epoch. A slice is its
// index, so a window is a number of slices and the whole contract is integer arithmetic.

/// The fixed length of a view's slices; a whole number of minutes up to 366 days.
public struct SliceLength: Hashable, Sendable {
  public let milliseconds: Int64

  public static let day = SliceLength(milliseconds: 86_400_000)!

  /// Nil unless a whole number of minutes, at least one, at most 366 days.
  public init?(milliseconds: Int64) {
    guard milliseconds >= 60_000, milliseconds <= 366 * 86_400_000, milliseconds % 60_000 == 0
    else { return nil }
    self.milliseconds = milliseconds
  }

  /// The slice that holds an instant: the floor, also before the epoch.
  @inlinable
  public func slice(of time: Timestamp) -> Slice {
    let quotient = time.milliseconds / milliseconds
    return Slice(index: time.milliseconds % milliseconds < 0 ? quotient - 1 : quotient)
  }

  /// The first instant of a slice. May lie before `Timestamp.earliest` for the first slice of all.
  public func start(of slice: Slice) -> Timestamp {
    Timestamp(unchecked: slice.index * milliseconds)
  }
}

/// The half-open interval `[index · length, (index + 1) · length)` after the epoch.
public struct Slice: Hashable, Comparable, Sendable {
  public let index: Int64

  @inlinable public init(index: Int64) { self.index = index }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.index < right.index }
}

/// A window of `slices` whole slices that ends where the slice of the request begins.
public struct Window: Hashable, Comparable, Sendable {
  /// All slices before that of the request: so many that no stored slice can lie before the first of them.
  public static let lifetime = Window(slices: 1 << 40, label: "lifetime")

  public var isLifetime: Bool { slices == Self.lifetime.slices }

  /// At least one.
  public let slices: Int64
  /// As declared, `30d`; part of the feature's name, never of its meaning.
  public let label: String

  public init(slices: Int64, label: String) {
    precondition(slices >= 1, "a window has at least one slice")
    self.slices = slices
    self.label = label
  }

  public static func < (left: Self, right: Self) -> Bool { left.slices < right.slices }
}
