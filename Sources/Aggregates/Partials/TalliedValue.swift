// What a `ValueTally` counts: words or texts. Each is looked up by a key that borrows, so that an event
// whose value is known already allocates nothing.
import FeatureModel

/// A value that can be counted.
public protocol TalliedValue: Equatable, Sendable {
  /// What a value is looked up by.
  associatedtype Key
  /// The codec's byte.
  static var columnCode: UInt8 { get }

  init(_ key: Key)
  /// The key for what an event brings; nil where that is of the other kind.
  static func key(word: UInt64) -> Key?
  static func key(text: UnsafeRawBufferPointer) -> Key?
  static func hash(_ key: Key) -> UInt64
  /// Below 0, 0 or above 0: the order of values with one hash.
  func compare(_ key: Key) -> Int
  func withKey(_ body: (Key) -> Void)
  static func read(_ reader: inout ColumnBytes) throws(CodecError) -> Key
  func append(to bytes: inout [UInt8])
}

/// The bytes of a stored column that are still to be read.
public struct ColumnBytes: BitwiseCopyable {
  var reader: ColumnReader
}

/// A word as in `EventColumn.words`.
public struct TalliedWord: TalliedValue {
  public static let columnCode: UInt8 = 17
  let word: UInt64

  public init(_ key: UInt64) { word = key }
  public static func key(word: UInt64) -> UInt64? { word }
  public static func key(text: UnsafeRawBufferPointer) -> UInt64? { nil }
  public static func hash(_ key: UInt64) -> UInt64 { DistinctSet.hash(word: key, type: .int) }
  public func compare(_ key: UInt64) -> Int { word < key ? -1 : word == key ? 0 : 1 }
  public func withKey(_ body: (UInt64) -> Void) { body(word) }
  public static func read(_ reader: inout ColumnBytes) throws(CodecError) -> UInt64 {
    UInt64(bitPattern: try reader.reader.int64())
  }
  public func append(to bytes: inout [UInt8]) { bytes.append(littleEndian: word, width: 8) }
}

/// The UTF-8 of a text.
public struct TalliedText: TalliedValue {
  public static let columnCode: UInt8 = 18
  let utf8: [UInt8]

  public init(_ key: UnsafeRawBufferPointer) { utf8 = Array(key) }
  public static func key(word: UInt64) -> UnsafeRawBufferPointer? { nil }
  public static func key(text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? { text }
  public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { DistinctSet.hash(text: key) }
  public func compare(_ key: UnsafeRawBufferPointer) -> Int {
    utf8.withUnsafeBytes { KeptText.compare($0, key) }
  }
  public func withKey(_ body: (UnsafeRawBufferPointer) -> Void) { utf8.withUnsafeBytes(body) }
  public static func read(
    _ reader: inout ColumnBytes
  ) throws(CodecError) -> UnsafeRawBufferPointer {
    try reader.reader.take(try reader.reader.count())
  }
  public func append(to bytes: inout [UInt8]) {
    bytes.append(varint: UInt128(utf8.count))
    bytes.append(contentsOf: utf8)
  }
}
