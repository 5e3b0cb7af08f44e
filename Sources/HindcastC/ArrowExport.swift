// Arrow's structs for others to read: what comes out of a join. A struct that is given away keeps alive what it
// points to, until it is released; nothing is copied.
import CHindcast
import Hindcast

/// What the structs that are given away hold on to: memory of their own, and the owners of all other.
private final class Holding {
  private let owners: [AnyObject]
  private var memory: [UnsafeMutableRawPointer] = []

  init(_ owners: [AnyObject]) { self.owners = owners }

  deinit { for memory in memory { memory.deallocate() } }

  /// Room for some pointers.
  func room<Pointee>(
    _ count: Int, of type: Pointee.Type
  ) -> UnsafeMutablePointer<Pointee> {
    let room = UnsafeMutablePointer<Pointee>.allocate(capacity: max(count, 1))
    memory.append(UnsafeMutableRawPointer(room))
    return room
  }

  func text(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let room = room(bytes.count, of: CChar.self)
    room.initialize(from: bytes, count: bytes.count)
    return UnsafePointer(room)
  }

  /// A pointer for `private_data`; `Holding.release` takes it back.
  var retained: UnsafeMutableRawPointer { Unmanaged.passRetained(self).toOpaque() }

  static func release(_ pointer: UnsafeMutableRawPointer?) {
    if let pointer { Unmanaged<Holding>.fromOpaque(pointer).release() }
  }
}

extension ArrowSchema {
  /// A struct of columns.
  /// - Parameter spine: columns to show again, and the schema that they are of; nil for none.
  static func columns(
    spine: Owned<ArrowSchema>?, answers: [SpineField]
  ) -> ArrowSchema {
    let before = spine.map { Int($0.value.n_children) } ?? 0
    let count = before + answers.count
    let holding = Holding([])
    let children = holding.room(count, of: UnsafeMutablePointer<ArrowSchema>?.self)
    let structs = holding.room(count, of: ArrowSchema.self)
    for index in 0..<count {
      let child =
        index < before
        ? lent(spine!.value.children[index]!.pointee, of: spine!)
        : answer(answers[index - before])
      (structs + index).initialize(to: child)
      (children + index).initialize(to: structs + index)
    }
    var schema = ArrowSchema()
    schema.format = holding.text("+s")
    schema.name = holding.text("")
    // The pandas index and the like are described here.
    schema.metadata = spine?.value.metadata
    schema.n_children = Int64(count)
    schema.children = children
    schema.private_data = Holding([holding] + (spine.map { [$0] } ?? [])).retained
    schema.release = { schema in
      guard let schema else { return }
      for index in 0..<Int(schema.pointee.n_children) {
        let child = schema.pointee.children[index]!
        child.pointee.release?(child)
      }
      ArrowSchema.end(schema)
    }
    return schema
  }

  /// The same column once more.
  private static func lent(_ schema: ArrowSchema, of owner: Owned<ArrowSchema>) -> ArrowSchema {
    var schema = schema
    schema.private_data = Holding([owner]).retained
    schema.release = { schema in if let schema { ArrowSchema.end(schema) } }
    return schema
  }

  private static func answer(_ field: SpineField) -> ArrowSchema {
    let holding = Holding([])
    var schema = ArrowSchema()
    schema.format = holding.text(format(of: field.type))
    schema.name = holding.text(field.name)
    schema.flags = Int64(ARROW_FLAG_NULLABLE)
    schema.private_data = holding.retained
    schema.release = { schema in if let schema { ArrowSchema.end(schema) } }
    return schema
  }

  private static func format(of type: FieldType) -> String {
    switch type {
    case .int: "l"
    case .double: "g"
    case .bool: "b"
    case .string: "U"
    case .timestamp: "tsm:UTC"
    }
  }

  private static func end(_ schema: UnsafeMutablePointer<ArrowSchema>) {
    let data = schema.pointee.private_data
    schema.pointee.release = nil
    Holding.release(data)
  }
}

extension ArrowArray {
  /// Some rows of a join.
  /// - Parameter spine: the batch whose columns are shown again; nil for none.
  static func rows(_ chunk: JoinedChunk, spine: ArrowBatch?) -> ArrowArray {
    let before = spine.map { Int($0.array.value.n_children) } ?? 0
    let answers = chunk.answers.columns
    let count = before + answers.count
    let holding = Holding([])
    let children = holding.room(count, of: UnsafeMutablePointer<ArrowArray>?.self)
    let structs = holding.room(count, of: ArrowArray.self)
    for index in 0..<count {
      let child =
        index < before
        ? lent(index, of: spine!) : answer(answers[index - before], chunk.rows)
      (structs + index).initialize(to: child)
      (children + index).initialize(to: structs + index)
    }
    let buffers = holding.room(1, of: UnsafeRawPointer?.self)
    buffers.initialize(to: nil)
    var array = ArrowArray()
    array.length = Int64(chunk.rows.count)
    array.n_buffers = 1
    array.buffers = buffers
    array.n_children = Int64(count)
    array.children = children
    array.private_data = holding.retained
    array.release = { array in
      guard let array else { return }
      for index in 0..<Int(array.pointee.n_children) {
        let child = array.pointee.children[index]!
        child.pointee.release?(child)
      }
      ArrowArray.end(array)
    }
    return array
  }

  /// A spine's column once more: the same buffers, held by the batch.
  private static func lent(_ index: Int, of batch: ArrowBatch) -> ArrowArray {
    var array = batch.column(index).pointee
    let root = batch.array.value
    if root.offset != 0 || array.length != root.length {
      array.offset += root.offset
      array.length = root.length
      if array.null_count != 0 { array.null_count = -1 }
    }
    array.private_data = Holding([batch]).retained
    array.release = { array in if let array { ArrowArray.end(array) } }
    return array
  }

  private static func answer(_ column: FeatureColumn, _ rows: Range<Int>) -> ArrowArray {
    let holding = Holding([column])
    let buffers = holding.room(3, of: UnsafeRawPointer?.self)
    let validity = column.nullCount == 0 ? nil : UnsafeRawPointer(column.validity)
    let values = UnsafeRawPointer(column.values)
    buffers[0] = validity
    buffers[1] = column.offsets.map { UnsafeRawPointer($0) } ?? values
    buffers[2] = values
    var array = ArrowArray()
    array.length = Int64(rows.count)
    array.offset = Int64(rows.lowerBound)
    let isWhole = rows.count == column.count
    array.null_count = isWhole || column.nullCount == 0 ? Int64(column.nullCount) : -1
    array.n_buffers = column.type == .string ? 3 : 2
    array.buffers = buffers
    array.private_data = holding.retained
    array.release = { array in if let array { ArrowArray.end(array) } }
    return array
  }

  private static func end(_ array: UnsafeMutablePointer<ArrowArray>) {
    let data = array.pointee.private_data
    array.pointee.release = nil
    Holding.release(data)
  }
}
