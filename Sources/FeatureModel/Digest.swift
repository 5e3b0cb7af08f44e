// XXH3 with 128 bits: names declarations, spines and answers in receipts. It finds changes and
// accidents; it is no signature against people who want to deceive.
internal import CXxHash

/// 128 bits that stand for some bytes.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The digest of the bytes, which are borrowed for the call.
  public init(of bytes: UnsafeRawBufferPointer) {
    self.init(XXH3_128bits(bytes.baseAddress, bytes.count))
  }

  /// The digest of a text's UTF-8.
  public init(of text: String) {
    var text = text
    self = text.withUTF8 { Digest(of: UnsafeRawBufferPointer($0)) }
  }

  fileprivate init(_ hash: XXH128_hash_t) { self.init(high: hash.high64, low: hash.low64) }

  /// `xxh128:` and 32 hexadecimal digits, the high half first, as `xxhsum -H2` prints them.
  public var description: String { "xxh128:\(Self.hex(high))\(Self.hex(low))" }

  /// Reads what `description` gives; nil for all else.
  public init?(_ text: String) {
    let digits = text.utf8.dropFirst(7)
    guard text.hasPrefix("xxh128:"), digits.count == 32,
      digits.allSatisfy({ Self.lowerHex.contains($0) }),
      let high = UInt64(String(decoding: digits.prefix(16), as: UTF8.self), radix: 16),
      let low = UInt64(String(decoding: digits.suffix(16), as: UTF8.self), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  private static let lowerHex = Set("0123456789abcdef".utf8)

  private static func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// A digest that grows with the bytes given to it; equal to the digest of all of them end to end.
public struct Digester: ~Copyable {
  private let state: OpaquePointer

  public init() {
    guard let state = XXH3_createState() else { fatalError("no memory for a digest's state") }
    self.state = state
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  /// Takes in bytes, which are borrowed for the call.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// Takes in a text's UTF-8.
  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The digest of all so far; more may follow.
  public var value: Digest { Digest(XXH3_128bits_digest(state)) }
}
