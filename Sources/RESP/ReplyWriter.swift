// Replies as bytes, in the version of the protocol that the peer speaks: RESP2 has arrays and bulk strings
// where RESP3 has maps, nulls, doubles and flags of their own.
import FeatureModel

/// The version that a connection speaks; 2 until HELLO says otherwise.
public enum ProtocolVersion: UInt8, Sendable, CaseIterable {
  case resp2 = 2
  case resp3 = 3
}

/// Appends replies to a buffer. Whoever writes an array or map writes as many replies behind its header.
public struct ReplyWriter: Sendable {
  private var text = ValueText()
  private var number = ValueText()
  public var version: ProtocolVersion

  public init(_ version: ProtocolVersion = .resp2) { self.version = version }

  @inlinable public var bytes: [UInt8] {
    get { storage }
    set { storage = newValue }
  }

  @usableFromInline var storage: [UInt8] {
    get { text.bytes }
    _modify { yield &text.bytes }
  }

  public var count: Int { text.bytes.count }

  public mutating func removeAll() { text.bytes.removeAll(keepingCapacity: true) }

  /// Takes back what was appended since there were `count` bytes.
  public mutating func truncate(to count: Int) {
    text.bytes.removeLast(text.bytes.count - count)
  }

  /// Makes the reply that begins at a byte, an array, the items alone.
  public mutating func removeHeader(at start: Int) {
    guard let end = text.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return }
    text.bytes.removeSubrange(start...end)
  }

  /// Replies that are bytes already.
  public mutating func append(raw bytes: UnsafeRawBufferPointer) {
    text.bytes.append(contentsOf: bytes)
  }

  public mutating func append(raw bytes: [UInt8]) { text.bytes.append(contentsOf: bytes) }

  public mutating func ok() { text.append("+OK\r\n") }

  public mutating func simple(_ word: StaticString) {
    text.append("+")
    text.append(word)
    text.append("\r\n")
  }

  /// - Parameter word: without line ends.
  public mutating func status(_ word: String) {
    text.append("+")
    text.bytes += word.utf8
    text.append("\r\n")
  }

  /// - Parameter message: begins with a word in capitals, `ERR`; line ends become blanks.
  public mutating func error(_ message: String) {
    text.append("-")
    text.bytes += message.utf8.map { $0 == 0x0D || $0 == 0x0A ? 0x20 : $0 }
    text.append("\r\n")
  }

  public mutating func integer(_ value: Int64) { header(UInt8(ascii: ":"), value) }

  public mutating func bulk(_ bytes: UnsafeRawBufferPointer) {
    header(UInt8(ascii: "$"), Int64(bytes.count))
    text.bytes.append(contentsOf: bytes)
    text.append("\r\n")
  }

  public mutating func bulk(_ string: String) {
    var string = string
    string.withUTF8 { bulk(UnsafeRawBufferPointer($0)) }
  }

  public mutating func null() {
    if version == .resp3 { text.append("_\r\n") } else { text.append("$-1\r\n") }
  }

  public mutating func nullArray() {
    if version == .resp3 { text.append("_\r\n") } else { text.append("*-1\r\n") }
  }

  public mutating func array(_ count: Int) { header(UInt8(ascii: "*"), Int64(count)) }

  /// As many pairs of a key and a value follow.
  public mutating func map(_ count: Int) {
    if version == .resp3 {
      header(UInt8(ascii: "%"), Int64(count))
    } else {
      header(UInt8(ascii: "*"), Int64(count) * 2)
    }
  }

  private mutating func header(_ kind: UInt8, _ value: Int64) {
    text.bytes.append(kind)
    text.append(value)
    text.append("\r\n")
  }
}

// Values of features.
extension ReplyWriter {
  /// A value as the standard commands of Redis give it, in either version: its text as a bulk string.
  public mutating func bulk(_ value: Value) {
    number.bytes.removeAll(keepingCapacity: true)
    switch value {
    case .null: return null()
    case .string(let string): return bulk(string)
    case .int(let value): return bulkText(value)
    case .double(let value): number.append(value)
    case .timestamp(let value): number.append(value)
    case .bool(let value): return bulk(value ? "true" : "false")
    }
    header(UInt8(ascii: "$"), Int64(number.bytes.count))
    text.bytes.append(contentsOf: number.bytes)
    text.append("\r\n")
  }

  /// A whole number's text as a bulk string. Most values are such, so it is put together from its end and
  /// appended at once.
  private mutating func bulkText(_ value: Int64) {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { line in
      var start = line.count
      func put(_ byte: UInt8) {
        start -= 1
        line[start] = byte
      }
      func put(digits number: UInt64) {
        var rest = number
        repeat {
          put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
          rest /= 10
        } while rest > 0
      }
      put(0x0A)
      put(0x0D)
      put(digits: value.magnitude)
      if value < 0 { put(UInt8(ascii: "-")) }
      let count = line.count - 2 - start
      put(0x0A)
      put(0x0D)
      put(digits: UInt64(count))
      put(UInt8(ascii: "$"))
      text.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: line[start...]))
    }
  }

  /// A value with its type, where the version has it: RESP2 knows whole numbers only.
  public mutating func typed(_ value: Value) {
    switch value {
    case .int(let value): integer(value)
    case .double(let double) where version == .resp3:
      text.append(",")
      text.append(double)
      text.append("\r\n")
    case .bool(let flag) where version == .resp3:
      text.append(flag ? "#t\r\n" : "#f\r\n")
    default: bulk(value)
    }
  }
}
