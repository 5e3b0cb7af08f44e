// Least or greatest, as a type: minimum and maximum, first and last are the same partial with the order
// turned round, under different codes.

/// Which end of an order a partial keeps.
public protocol Side: Sendable {
  /// True for the greatest.
  static var keepsGreatest: Bool { get }
  /// The codes of the four partials that keep this end.
  static var codes: SideCodes { get }
}

/// The codes of the partials of one side; frozen, part of the stored format.
public struct SideCodes: Sendable {
  let extremum, edge, textExtremum, textEdge: UInt8
}

/// Minimum and first.
public enum Least: Side {
  public static var keepsGreatest: Bool { false }
  public static let codes = SideCodes(extremum: 2, edge: 4, textExtremum: 6, textEdge: 8)
}

/// Maximum and last.
public enum Greatest: Side {
  public static var keepsGreatest: Bool { true }
  public static let codes = SideCodes(extremum: 3, edge: 5, textExtremum: 7, textEdge: 9)
}
