// A text that is one of its kind by its bytes. Swift compares strings by what they look like, so that an é
// of one scalar equals one of two; the store tells such texts apart, and so must all that shares what is
// stored.

/// A text that is equal to another where their UTF-8 is.
public struct CanonicalText: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public init(_ text: String) { self.text = text }

  public var description: String { text }

  public static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
