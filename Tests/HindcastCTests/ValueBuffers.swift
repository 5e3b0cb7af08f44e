// Values in the buffers of each of Arrow's formats, behind the validity.
import CHindcast
import FeatureModel

struct ValueBuffers {
  private let made: Made

  init(_ made: Made) { self.made = made }

  func of(_ values: [Value], _ format: String) -> [UnsafeRawPointer?] {
    switch format {
    case "c": [raw(ints(values, as: Int8.self))]
    case "C": [raw(ints(values, as: UInt8.self))]
    case "s": [raw(ints(values, as: Int16.self))]
    case "S": [raw(ints(values, as: UInt16.self))]
    case "i": [raw(ints(values, as: Int32.self))]
    case "I": [raw(ints(values, as: UInt32.self))]
    case "l", "tdm": [raw(ints(values, as: Int64.self))]
    case "L": [raw(ints(values, as: UInt64.self))]
    case "tdD": [raw(values.map { Int32(Self.whole($0) / 86_400_000) })]
    case "g": [raw(values.map(Self.double))]
    case "b": [raw(Bits.of(values.map { $0 == .bool(true) }))]
    case "u": texts(values, Int32.self)
    case "U": texts(values, Int64.self)
    case "vu": views(values)
    case "n": []
    default: [raw(times(values, format))]
    }
  }

  private func raw<Element>(_ elements: [Element]) -> UnsafeRawPointer? {
    UnsafeRawPointer(made.copy(elements))
  }

  private func ints<Number: FixedWidthInteger>(_ values: [Value], as: Number.Type) -> [Number] {
    values.map { Number(Self.whole($0)) }
  }

  private static func whole(_ value: Value) -> Int64 {
    switch value {
    case .int(let value): value
    case .timestamp(let time): time.milliseconds
    default: 0
    }
  }

  private static func double(_ value: Value) -> Double {
    if case .double(let value) = value { value } else { .nan }
  }

  /// Of finer units a part of a millisecond more, which has to be cut off, before 1970 too.
  private func times(_ values: [Value], _ format: String) -> [Int64] {
    values.enumerated().map { index, value in
      let time = Self.whole(value)
      switch format.prefix(3) {
      case "tss": return time / 1000
      case "tsu": return time * 1000 + Int64(index % 1000)
      case "tsn": return time * 1_000_000 + Int64(index * 7919 % 1_000_000)
      default: return time
      }
    }
  }

  private func utf8(_ value: Value) -> [UInt8] {
    if case .string(let text) = value { Array(text.utf8) } else { [] }
  }

  private func texts<Offset: FixedWidthInteger>(
    _ values: [Value], _: Offset.Type
  ) -> [UnsafeRawPointer?] {
    var offsets: [Offset] = [0]
    var bytes: [UInt8] = []
    for value in values {
      bytes += utf8(value)
      offsets.append(Offset(bytes.count))
    }
    return [raw(offsets), bytes.isEmpty ? nil : raw(bytes)]
  }

  /// Texts of more than twelve bytes lie in two buffers by turns.
  private func views(_ values: [Value]) -> [UnsafeRawPointer?] {
    var views: [UInt8] = []
    var buffers: [[UInt8]] = [[], []]
    for (index, value) in values.enumerated() {
      let text = utf8(value)
      views += bytes(Int32(text.count))
      if text.count <= 12 {
        views += text + Array(repeating: 0, count: 12 - text.count)
      } else {
        views += text.prefix(4) + bytes(Int32(index % 2)) + bytes(Int32(buffers[index % 2].count))
        buffers[index % 2] += text
      }
    }
    return [raw(views), raw(buffers[0]), raw(buffers[1]), raw(buffers.map { Int64($0.count) })]
  }

  private func bytes(_ number: Int32) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }
}

/// The formats in which a column's values can be told.
enum Forms {
  static func of(_ type: FieldType, _ values: [Value]) -> [String] {
    switch type {
    case .string: ["u", "U", "vu"]
    case .bool: ["b"]
    case .double: ["g"]
    case .int:
      ["l"] + (fit(values, Int32.self) ? ["i"] : []) + (fit(values, UInt64.self) ? ["L"] : [])
    case .timestamp: times(values)
    }
  }

  private static func whole(_ value: Value) -> Int64? {
    switch value {
    case .int(let value): value
    case .timestamp(let time): time.milliseconds
    default: nil
    }
  }

  private static func fit<Number: FixedWidthInteger>(_ values: [Value], _: Number.Type) -> Bool {
    values.allSatisfy { whole($0).map { Number(exactly: $0) != nil } ?? true }
  }

  private static func times(_ values: [Value]) -> [String] {
    let times = values.compactMap(whole)
    var forms = ["tsm:", "tsm:UTC", "tsm:Asia/Tokyo", "tsu:", "tsu:UTC", "l", "tdm"]
    if times.allSatisfy({ abs($0) < 9_000_000_000_000 }) { forms += ["tsn:", "tsn:UTC"] }
    if times.allSatisfy({ $0 % 1000 == 0 }) { forms.append("tss:") }
    if times.allSatisfy({ $0 % 86_400_000 == 0 }) { forms.append("tdD") }
    return forms
  }
}
