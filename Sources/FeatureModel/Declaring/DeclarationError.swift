// What is wrong with a declaration: every mistake with its place and the way out, so that one run
// is enough to correct a file.

/// All mistakes of one text, in its order.
public struct DeclarationError: Error, Equatable, Sendable, CustomStringConvertible {
  public struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// `$.features."{window}_LINES".sum`
    public let path: String
    /// Nil for declarations that were not read from text.
    public let position: TextPosition?
    /// What is wrong, and what would be right.
    public let reason: String

    public init(path: String, position: TextPosition?, reason: String) {
      self.path = path
      self.position = position
      self.reason = reason
    }

    /// `3:14 $.entity: ...`
    public var description: String { (position.map { "\($0) " } ?? "") + "\(path): \(reason)" }
  }

  /// At least one.
  public let problems: [Problem]

  public init(problems: [Problem]) { self.problems = problems }

  /// One line per mistake.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects the mistakes of one reading.
package final class ProblemCollector {
  package var problems: [DeclarationError.Problem] = []

  package init() {}

  /// Throws what was noted, in the order of the text.
  package func check() throws(DeclarationError) {
    if problems.isEmpty { return }
    let sorted = problems.enumerated().sorted { left, right in
      let places = (Self.place(left.element), Self.place(right.element))
      return places.0 == places.1 ? left.offset < right.offset : places.0 < places.1
    }
    throw DeclarationError(problems: sorted.map(\.element))
  }

  private static func place(_ problem: DeclarationError.Problem) -> (Int, Int) {
    (problem.position?.line ?? 0, problem.position?.column ?? 0)
  }
}
