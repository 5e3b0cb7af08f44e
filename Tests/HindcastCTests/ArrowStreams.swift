// Streams of made batches to give away, and what is read of a stream that comes back.
import CHindcast
import FeatureModel
import Foundation

/// Batches to be pulled; an error where one is nil.
final class MadeStream {
  let columns: [MadeColumn]
  let ledger: Ledger
  private var batches: [(rows: Range<Int>, layout: Layout)?]
  /// Changes batches before they are given away.
  var damage: (UnsafeMutablePointer<ArrowArray>) -> Void = { _ in }
  private let errorText = strdup("the disk of another program broke")

  init(_ columns: [MadeColumn], _ batches: [(Range<Int>, Layout)?], _ ledger: Ledger) {
    self.columns = columns
    self.batches = batches.map { $0.map { (rows: $0.0, layout: $0.1) } }
    self.ledger = ledger
    ledger.add()
  }

  /// All rows in one batch.
  convenience init(_ columns: [MadeColumn], _ ledger: Ledger, _ layout: Layout = Layout()) {
    self.init(columns, [(0..<columns[0].values.count, layout)], ledger)
  }

  deinit {
    free(errorText)
    ledger.remove()
  }

  fileprivate func next(_ out: UnsafeMutablePointer<ArrowArray>) -> Int32 {
    guard !batches.isEmpty else {
      out.initialize(to: ArrowArray())
      return 0
    }
    guard let batch = batches.removeFirst() else { return EIO }
    out.initialize(to: .made(columns, batch.rows, batch.layout, ledger))
    damage(out)
    return 0
  }

  /// The C struct, to be given away.
  var stream: ArrowArrayStream {
    var stream = ArrowArrayStream()
    stream.private_data = Unmanaged.passRetained(self).toOpaque()
    stream.get_schema = { stream, out in
      let made = MadeStream.behind(stream)
      out!.initialize(to: .made(made.columns, made.ledger))
      return 0
    }
    stream.get_next = { stream, out in MadeStream.behind(stream).next(out!) }
    stream.get_last_error = { UnsafePointer(MadeStream.behind($0).errorText) }
    stream.release = { stream in
      let data = stream!.pointee.private_data!
      stream!.pointee.release = nil
      Unmanaged<MadeStream>.fromOpaque(data).release()
    }
    return stream
  }

  private static func behind(_ stream: UnsafeMutablePointer<ArrowArrayStream>?) -> MadeStream {
    Unmanaged<MadeStream>.fromOpaque(stream!.pointee.private_data!).takeUnretainedValue()
  }
}

/// A batch that came back: its columns' values by name, as far as their formats are those of features.
struct ReadBatch {
  let rows: Int
  var columns: [String: [Value]] = [:]
  /// The second buffer of each column, to see whether it was copied.
  var buffers: [String: UnsafeRawPointer?] = [:]
}

struct ReadTable {
  let names: [String]
  let formats: [String]
  let batches: [ReadBatch]

  func values(_ name: String) -> [Value] { batches.flatMap { $0.columns[name] ?? [] } }

  /// Reads a stream to its end and releases it.
  init(_ stream: inout ArrowArrayStream) throws {
    defer { if stream.release != nil { stream.release(&stream) } }
    var schema = ArrowSchema()
    guard stream.get_schema(&stream, &schema) == 0 else { throw StreamFailure(&stream) }
    defer { schema.release(&schema) }
    let children = (0..<Int(schema.n_children)).map { schema.children[$0]!.pointee }
    names = children.map { String(cString: $0.name) }
    formats = children.map { String(cString: $0.format) }
    var batches: [ReadBatch] = []
    while true {
      var array = ArrowArray()
      guard stream.get_next(&stream, &array) == 0 else { throw StreamFailure(&stream) }
      guard array.release != nil else { break }
      defer { array.release(&array) }
      var batch = ReadBatch(rows: Int(array.length))
      for index in names.indices {
        let child = array.children[index]!.pointee
        batch.columns[names[index]] = Self.values(child, formats[index])
        batch.buffers[names[index]] = child.n_buffers > 1 ? child.buffers[1] : nil
      }
      batches.append(batch)
    }
    self.batches = batches
  }

  private static func values(_ array: ArrowArray, _ format: String) -> [Value]? {
    guard ["l", "g", "b", "U", "tsm:UTC"].contains(format), array.length >= 0 else { return nil }
    return (0..<Int(array.length)).map { row in
      let place = row + Int(array.offset)
      if let validity = array.buffers[0], !bit(validity, place) { return .null }
      let values = array.buffers[1]!
      switch format {
      case "l": return .int(values.load(fromByteOffset: 8 * place, as: Int64.self))
      case "g": return .double(values.load(fromByteOffset: 8 * place, as: Double.self))
      case "b": return .bool(bit(values, place))
      case "U":
        let start = Int(values.load(fromByteOffset: 8 * place, as: Int64.self))
        let end = Int(values.load(fromByteOffset: 8 * place + 8, as: Int64.self))
        let bytes = UnsafeRawBufferPointer(start: array.buffers[2], count: end)[start..<end]
        return .string(String(decoding: bytes, as: UTF8.self))
      default:
        let time = values.load(fromByteOffset: 8 * place, as: Int64.self)
        return .timestamp(Timestamp(milliseconds: time)!)
      }
    }
  }

  private static func bit(_ bits: UnsafeRawPointer, _ place: Int) -> Bool {
    bits.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1 != 0
  }
}

struct StreamFailure: Error {
  let text: String

  init(_ stream: inout ArrowArrayStream) {
    text = stream.get_last_error(&stream).map { String(cString: $0) } ?? ""
  }
}
