// Least or greatest: minimum and maximum, first and last are the same partial with the order turned round,
// stored under different codes.

/// Which end of an order a partial keeps.
public enum Side: UInt8, Sendable {
  /// Minimum and first.
  case least
  /// Maximum and last.
  case greatest

  /// The greater or lesser of two numbers.
  @inline(__always)
  func pick(_ left: Int64, _ right: Int64) -> Int64 {
    self == .greatest ? max(left, right) : min(left, right)
  }

  /// The code of a partial that is stored under one code for each side.
  @inline(__always)
  func code(least: UInt8, greatest: UInt8) -> UInt8 { self == .greatest ? greatest : least }
}
