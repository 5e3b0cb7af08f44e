// The bytes of a served log, as docs/served-log.md lists them: the header of a segment, and frames that carry
// their length and checksum, so that what a crash or a bad disk left is told apart from what was served.
import FeatureModel
import RESP

/// What a frame holds.
enum FrameKind: UInt8 {
  case question = 1
  case answer = 2
  /// An answer to a key with a null in it, which belongs to no entity.
  case emptyAnswer = 3
  case note = 4
  /// A question about a feature set of which members are computed.
  case setQuestion = 5
}

enum ServedFormat {
  static let magic = Array("HCSERVED".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 32
  /// Checksum, length of the content, kind.
  static let frameHead = 13
  /// Longer contents are not recorded, so that a damaged length cannot ask for much.
  static let contentLimit = 1 << 20
  static let frameLimit = frameHead + contentLimit

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 { Digest(of: bytes).low }

  /// The beginning of a segment.
  static func header(sequence: UInt64, sample: EntitySample) -> [UInt8] {
    var bytes = magic
    bytes.appendLittleEndian(version)
    bytes.appendLittleEndian(sample.oneIn)
    bytes.appendLittleEndian(sequence)
    bytes.appendLittleEndian(bytes.withUnsafeBytes { checksum($0) })
    return bytes
  }

  /// What the beginning of a file says of the rest.
  enum Header {
    case readable, damaged
    case ofFormat(UInt32)
  }

  static func readHeader(_ bytes: UnsafeRawBufferPointer) -> Header {
    let body = UnsafeRawBufferPointer(rebasing: bytes[..<(headerBytes - 8)])
    guard checksum(body) == bytes.littleEndian(at: headerBytes - 8, UInt64.self),
      bytes.starts(with: magic)
    else { return .damaged }
    let found = bytes.littleEndian(at: 8, UInt32.self)
    return found == version ? .readable : .ofFormat(found)
  }

  /// The content of a question's frame.
  static func content(_ question: ServedQuestion, number: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(number)
    bytes.append(question.shape.rawValue)
    bytes.append(question.version.rawValue)
    bytes.appendLittleEndian(question.digest.high)
    bytes.appendLittleEndian(question.digest.low)
    for text in [question.view] + question.features {
      bytes.appendLittleEndian(UInt32(text.utf8.count))
      bytes += text.utf8
    }
    return bytes
  }
}

/// A frame as it was read; what it points to is borrowed from its reader.
enum ServedFrame {
  case question(number: UInt32, ServedQuestion)
  /// `entity` is nil for a key with a null.
  case answer(
    time: Timestamp, question: UInt32, entity: UnsafeRawBufferPointer?,
    reply: UnsafeRawBufferPointer)
  case note(time: Timestamp, String)

  /// Nil where the content is not of its kind.
  init?(_ kind: FrameKind, _ content: UnsafeRawBufferPointer) {
    var cursor = ContentCursor(rest: content)
    switch kind {
    case .question, .setQuestion:
      guard let question = Self.question(&cursor, isSet: kind == .setQuestion) else { return nil }
      self = question
    case .answer:
      guard let time = cursor.time(), let number = cursor.number(UInt32.self),
        let entity = cursor.bytes()
      else { return nil }
      self = .answer(time: time, question: number, entity: entity, reply: cursor.rest)
    case .emptyAnswer:
      guard let time = cursor.time(), let number = cursor.number(UInt32.self) else { return nil }
      self = .answer(time: time, question: number, entity: nil, reply: cursor.rest)
    case .note:
      guard let time = cursor.time() else { return nil }
      self = .note(time: time, String(decoding: cursor.rest, as: UTF8.self))
    }
  }

  private static func question(
    _ cursor: inout ContentCursor, isSet: Bool
  ) -> ServedFrame? {
    guard let number = cursor.number(UInt32.self),
      let shape = cursor.number(UInt8.self).flatMap({ AnswerShape(rawValue: $0) }),
      let version = cursor.number(UInt8.self).flatMap({ ProtocolVersion(rawValue: $0) }),
      let high = cursor.number(UInt64.self), let low = cursor.number(UInt64.self),
      let view = cursor.text()
    else { return nil }
    var features: [String] = []
    while !cursor.rest.isEmpty {
      guard let feature = cursor.text() else { return nil }
      features.append(feature)
    }
    let digest = Digest(high: high, low: low)
    return .question(
      number: number,
      ServedQuestion(
        view: view, features: features, shape: shape, version: version, digest: digest,
        isSet: isSet))
  }
}

/// Takes a content apart from its front.
private struct ContentCursor {
  var rest: UnsafeRawBufferPointer

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    guard rest.count >= MemoryLayout<Number>.size else { return nil }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[MemoryLayout<Number>.size...]) }
    return rest.littleEndian(at: 0, type)
  }

  mutating func time() -> Timestamp? {
    number(Int64.self).flatMap { Timestamp(milliseconds: $0) }
  }

  /// A length, and as many bytes.
  mutating func bytes() -> UnsafeRawBufferPointer? {
    guard let length = number(UInt32.self), Int(length) <= rest.count else { return nil }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[Int(length)...]) }
    return UnsafeRawBufferPointer(rebasing: rest[..<Int(length)])
  }

  mutating func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  func littleEndian<Number: FixedWidthInteger>(at offset: Int, _ type: Number.Type) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension [UInt8] {
  mutating func appendLittleEndian<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}
