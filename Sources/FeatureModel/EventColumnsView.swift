// A batch's columns as plain pointers, for loops that touch every row: the arrays are opened once for
// each batch, not once for each value.

/// One column of a borrowed batch; see `EventColumn` for the meaning of its words.
package struct EventColumnView {
  package let type: FieldType
  package let words: UnsafePointer<UInt64>
  package let valid: UnsafePointer<UInt8>
  package let text: UnsafeRawPointer

  /// The bytes of a string row, borrowed.
  @inline(__always)
  package func utf8(_ row: Int) -> UnsafeRawBufferPointer {
    let start = row == 0 ? 0 : Int(words[row - 1])
    return UnsafeRawBufferPointer(start: text + start, count: Int(words[row]) - start)
  }
}

/// All columns of a borrowed batch; valid inside of `withColumns` only.
package struct EventColumnsView {
  /// The number of rows.
  package let count: Int
  package let columns: UnsafeBufferPointer<EventColumnView>

  @inline(__always)
  package subscript(column: Int) -> EventColumnView { columns[column] }
}

extension EventBatch {
  /// Calls `body` with the columns' memory, which is borrowed for the call.
  package func withColumns<Result>(_ body: (EventColumnsView) -> Result) -> Result {
    let count = count
    return withUnsafeTemporaryAllocation(of: EventColumnView.self, capacity: columns.count) {
      views in
      for column in columns {
        precondition(
          column.words.count == count && column.valid.count == count, "columns of unequal length")
      }
      for index in columns.indices {
        views.initializeElement(at: index, to: Self.view(columns[index]))
      }
      defer { withExtendedLifetime(self) {} }
      return body(EventColumnsView(count: count, columns: UnsafeBufferPointer(views)))
    }
  }

  /// The addresses leave the closures that lend them: a native array's elements lie in one object, which
  /// neither moves nor goes as long as the batch is held and nobody changes it. To open one column inside of
  /// the other would take stack for each, and a view may compute thousands.
  private static func view(_ column: EventColumn) -> EventColumnView {
    let valid = column.valid.withUnsafeBufferPointer { start($0) }
    return EventColumnView(
      type: column.type, words: column.words.withUnsafeBufferPointer { start($0) }, valid: valid,
      text: column.text.withUnsafeBytes { $0.baseAddress } ?? UnsafeRawPointer(valid))
  }

  /// Empty arrays may have no address; nothing is read there.
  private static func start<Element>(
    _ buffer: UnsafeBufferPointer<Element>
  ) -> UnsafePointer<Element> {
    buffer.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Element>.alignment)!
  }
}
