// Arrow arrays as another library might have made them, from plain values: any of the physical forms, with
// rows to skip before them, with and without validity. Everything that is made is counted until it is
// released.
import CHindcast
import FeatureModel
import Synchronization
import TestSupport

/// Counts structs that were given away and are not released.
final class Ledger: Sendable {
  private let counts = Mutex((live: 0, made: 0))

  func add() { counts.withLock { $0 = ($0.live + 1, $0.made + 1) } }
  func remove() { counts.withLock { $0.live -= 1 } }
  var live: Int { counts.withLock { $0.live } }
  var made: Int { counts.withLock { $0.made } }
}

/// What a struct that was given away holds, behind its `private_data`.
final class Made {
  private let ledger: Ledger
  private var memory: [UnsafeMutableRawPointer] = []

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.add()
  }

  deinit {
    for memory in memory { memory.deallocate() }
    ledger.remove()
  }

  func room<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    let room = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
    memory.append(UnsafeMutableRawPointer(room))
    return room
  }

  func copy<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let room = room(elements.count, of: Element.self)
    room.initialize(from: elements, count: elements.count)
    return room
  }

  func text(_ text: String) -> UnsafePointer<CChar> { UnsafePointer(copy(Array(text.utf8CString))) }

  var retained: UnsafeMutableRawPointer { Unmanaged.passRetained(self).toOpaque() }

  static func release(_ pointer: UnsafeMutableRawPointer?) {
    Unmanaged<Made>.fromOpaque(pointer!).release()
  }
}

/// A column of a spine or of events.
struct MadeColumn {
  let name: String
  /// Arrow's format of the values.
  var format: String
  var values: [Value]
  var isDictionary = false
}

extension ArrowSchema {
  static func made(_ column: MadeColumn, _ ledger: Ledger) -> ArrowSchema {
    let made = Made(ledger)
    var schema = ArrowSchema()
    schema.format = made.text(column.isDictionary ? "s" : column.format)
    schema.name = made.text(column.name)
    schema.flags = 2
    if column.isDictionary {
      var values = MadeColumn(name: "", format: column.format, values: [])
      values.isDictionary = false
      schema.dictionary = made.copy([ArrowSchema.made(values, ledger)])
    }
    return schema.given(made)
  }

  /// A struct of columns.
  static func made(_ columns: [MadeColumn], _ ledger: Ledger) -> ArrowSchema {
    let made = Made(ledger)
    let children = made.copy(columns.map { ArrowSchema.made($0, ledger) })
    var schema = ArrowSchema()
    schema.format = made.text("+s")
    schema.name = made.text("")
    schema.n_children = Int64(columns.count)
    schema.children = made.copy(
      columns.indices.map { Optional(children + $0) })
    return schema.given(made)
  }

  private func given(_ made: Made) -> ArrowSchema {
    var schema = self
    schema.private_data = made.retained
    schema.release = { schema in
      let data = schema!.pointee.private_data
      for index in 0..<Int(schema!.pointee.n_children) {
        let child = schema!.pointee.children[index]!
        child.pointee.release?(child)
      }
      if let dictionary = schema!.pointee.dictionary { dictionary.pointee.release?(dictionary) }
      schema!.pointee.release = nil
      Made.release(data)
    }
    return schema
  }
}

/// How a batch lies in memory.
struct Layout {
  /// Rows to skip in each column.
  var offset = 0
  /// Rows to skip in the struct; each column has them.
  var rootOffset = 0
  var omitsValidity = false
  var countsNulls = true
}

extension ArrowArray {
  static func made(
    _ columns: [MadeColumn], _ rows: Range<Int>, _ layout: Layout, _ ledger: Ledger
  ) -> ArrowArray {
    let made = Made(ledger)
    let children = made.copy(
      columns.map { ArrowArray.made($0, Array($0.values[rows]), layout, ledger) })
    var array = ArrowArray()
    array.length = Int64(rows.count)
    array.offset = Int64(layout.rootOffset)
    array.n_buffers = 1
    array.buffers = made.copy([nil])
    array.n_children = Int64(columns.count)
    array.children = made.copy(columns.indices.map { Optional(children + $0) })
    return array.given(made)
  }

  /// One column; what is skipped holds the first value again and again, or a null.
  static func made(
    _ column: MadeColumn, _ values: [Value], _ layout: Layout, _ ledger: Ledger
  ) -> ArrowArray {
    let skipped = layout.offset + layout.rootOffset
    let all = Array(repeating: values.first ?? .null, count: skipped) + values
    let made = Made(ledger)
    var array = ArrowArray()
    array.length = Int64(all.count - layout.offset)
    array.offset = Int64(layout.offset)
    let nulls = all.dropFirst(layout.offset).count { $0 == .null }
    array.null_count = layout.countsNulls ? Int64(nulls) : -1
    let hasValidity = !layout.omitsValidity || all.contains(.null)
    let validity = hasValidity ? made.copy(Bits.of(all.map { $0 != .null })) : nil
    var buffers: [UnsafeRawPointer?]
    if column.isDictionary {
      var distinct: [Value] = [.null]
      var indices: [Int16] = []
      for value in all {
        let place = distinct.firstIndex { $0.isSame(as: value) } ?? distinct.count
        if place == distinct.count { distinct.append(value) }
        indices.append(Int16(place))
      }
      buffers = [UnsafeRawPointer(made.copy(indices))]
      let plain = MadeColumn(name: "", format: column.format, values: [])
      array.dictionary = made.copy([ArrowArray.made(plain, distinct, Layout(offset: 1), ledger)])
    } else {
      buffers = ValueBuffers(made).of(all, column.format)
    }
    buffers.insert(validity.map { UnsafeRawPointer($0) }, at: 0)
    array.n_buffers = Int64(buffers.count)
    array.buffers = made.copy(buffers)
    return array.given(made)
  }

  private func given(_ made: Made) -> ArrowArray {
    var array = self
    array.private_data = made.retained
    array.release = { array in
      let data = array!.pointee.private_data
      for index in 0..<Int(array!.pointee.n_children) {
        let child = array!.pointee.children[index]!
        child.pointee.release?(child)
      }
      if let dictionary = array!.pointee.dictionary { dictionary.pointee.release?(dictionary) }
      array!.pointee.release = nil
      Made.release(data)
    }
    return array
  }
}

enum Bits {
  static func of(_ flags: [Bool]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
    for (index, flag) in flags.enumerated() where flag { bytes[index / 8] |= 1 << (index % 8) }
    return bytes
  }
}
