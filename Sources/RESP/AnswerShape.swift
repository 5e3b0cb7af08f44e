// How the features of one entity stand in a reply. One function writes them for every command, so that a log of
// what was sent can be held against answers that are computed again, byte by byte.
import FeatureModel

/// The form of an answer.
public enum AnswerShape: UInt8, Sendable, CaseIterable {
  /// Texts in the order asked for: HMGET.
  case texts = 1
  /// Names and texts: HGETALL.
  case namedTexts = 2
  /// Values with their types in the order asked for: a row of FS.MGET, FS.VECTOR.
  case values = 3
  /// Names, and values with their types: FS.GET.
  case namedValues = 4
}

extension ReplyWriter {
  /// Appends the answer: an array of `count` values, or a map from names to them.
  public mutating func answer(
    _ shape: AnswerShape, names: [String], value: (_ index: Int) -> Value
  ) {
    switch shape {
    case .texts, .values: array(names.count)
    case .namedTexts, .namedValues: map(names.count)
    }
    for index in names.indices {
      switch shape {
      case .texts: bulk(value(index))
      case .values: typed(value(index))
      case .namedTexts:
        bulk(names[index])
        bulk(value(index))
      case .namedValues:
        bulk(names[index])
        typed(value(index))
      }
    }
  }
}
