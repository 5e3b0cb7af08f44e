// The mergeable summary of some events: a commutative monoid in its bits. Any order, batching or sharding
// of the same events must end in equal values and in equal bytes. One file per partial implements this.

/// A commutative monoid over events, with a column codec.
///
/// Laws, tested for every conforming type: merge is associative and commutative, the value that `reset`
/// leaves is neutral, absorbing events one by one equals merging the partials of any split of them, and
/// `encode` gives the same bytes for equal values. Encoded columns hold many partials (entries) of one
/// entity, so that equal widths and bases are stored once.
public protocol Partial: Equatable, Sendable {
  /// What stands in the block header for this codec; frozen, part of the stored format.
  var code: UInt8 { get }

  /// Back to the neutral element; keeps capacity and parameters.
  mutating func reset()

  /// Takes in one non-null event. `word` is what `PartialSpec.slot` says; `time` the event time in
  /// milliseconds. Partials over text get `absorb(text:time:)` instead.
  mutating func absorb(word: UInt64, time: Int64)

  /// Takes in one non-null text; the bytes are borrowed for the call.
  mutating func absorb(text: UnsafeRawBufferPointer, time: Int64)

  /// Takes in one non-null word of an event of a category; the category's text is borrowed for the call.
  mutating func absorb(category: UnsafeRawBufferPointer, word: UInt64)

  /// Takes in events that are given entry by entry, and appends each entry to `entries`: the words of
  /// entry i end before `ends[i]`. The same as `absorb` for each word and a reset after each entry, which
  /// is what the default does; `times` has the event times, beside the words, for those that use them.
  static func absorb(
    _ words: UnsafeBufferPointer<UInt64>, times: UnsafePointer<Int64>?,
    ends: UnsafeBufferPointer<Int32>, running: inout Self, into entries: inout [Self])

  mutating func merge(_ other: Self)

  /// Merges the given entries of an encoded column of `rows` entries into self, without allocation where
  /// the partial is of fixed size. `column` is borrowed. Never reads outside of it: any defect throws.
  mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError)

  /// Appends the column that holds these entries, in order; the same bytes for equal entries.
  static func encode(_ entries: [Self], into bytes: inout [UInt8])
}

extension Partial {
  public mutating func absorb(text: UnsafeRawBufferPointer, time: Int64) {
    preconditionFailure("\(Self.self) takes words, not text")
  }
  public mutating func absorb(word: UInt64, time: Int64) {
    preconditionFailure("\(Self.self) takes text, not words")
  }
  public mutating func absorb(category: UnsafeRawBufferPointer, word: UInt64) {
    preconditionFailure("\(Self.self) does not tell categories apart")
  }
  public static func absorb(
    _ words: UnsafeBufferPointer<UInt64>, times: UnsafePointer<Int64>?,
    ends: UnsafeBufferPointer<Int32>, running: inout Self, into entries: inout [Self]
  ) {
    var start = 0
    for end in ends {
      for index in start..<Int(end) {
        running.absorb(word: words[index], time: times.map { $0[index] } ?? 0)
      }
      start = Int(end)
      entries.append(running)
      running.reset()
    }
  }
}

/// A partial from which a part of its events can be taken out again.
public protocol InvertiblePartial: Partial {
  /// Undoes `merge(other)`.
  mutating func subtract(_ other: Self)
}

/// What is wrong with bytes that should be a stored value.
public enum CodecError: Error, Equatable, Sendable {
  case truncated(needed: Int, available: Int)
  case malformed(String)
}

extension CodecError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      "stored bytes end early: \(needed) needed, \(available) there"
    case .malformed(let what): "stored bytes are malformed: \(what)"
    }
  }
}
