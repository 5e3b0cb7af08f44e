// What is wrong with a filter's text: all of it, each with its place.

/// The mistakes in a filter.
public struct FilterError: Error, Equatable, Sendable, CustomStringConvertible {
  public struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// Characters (Unicode scalars) from the start of the filter's text, from 1.
    public let character: Int
    public let reason: String

    public var description: String { "at character \(character): \(reason)" }
  }

  /// At least one.
  public let problems: [Problem]

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
