// When two answers are the same: in their bits, and texts in their bytes, where `==` would be kinder.
import FeatureModel

extension Value {
  /// Equal in type and bits.
  public func isSame(as other: Value) -> Bool {
    switch (self, other) {
    case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    default: self == other
    }
  }
}

/// Whether two answers are the same; an expected nil agrees with anything.
public func areSame(_ values: [Value], _ expected: [Value?]) -> Bool {
  values.count == expected.count
    && zip(values, expected).allSatisfy { value, wanted in wanted.map(value.isSame) ?? true }
}
