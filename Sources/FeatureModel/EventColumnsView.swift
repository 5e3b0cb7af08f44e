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
    withUnsafeTemporaryAllocation(of: EventColumnView.self, capacity: columns.count) { views in
      open(from: 0, views, body)
    }
  }

  /// Opens column after column, one inside the other, since an array's memory is lent to a closure only.
  private func open<Result>(
    from index: Int, _ views: UnsafeMutableBufferPointer<EventColumnView>,
    _ body: (EventColumnsView) -> Result
  ) -> Result {
    guard index < columns.count else {
      return body(EventColumnsView(count: count, columns: UnsafeBufferPointer(views)))
    }
    let column = columns[index]
    precondition(
      column.words.count == count && column.valid.count == count, "columns of unequal length")
    return column.words.withUnsafeBufferPointer { words in
      column.valid.withUnsafeBufferPointer { valid in
        column.text.withUnsafeBytes { text in
          let view = EventColumnView(
            type: column.type, words: Self.start(words), valid: Self.start(valid),
            text: text.baseAddress ?? UnsafeRawPointer(Self.start(valid)))
          (views.baseAddress! + index).initialize(to: view)
          return open(from: index + 1, views, body)
        }
      }
    }
  }

  /// Empty arrays may have no address; nothing is read there.
  private static func start<Element>(
    _ buffer: UnsafeBufferPointer<Element>
  ) -> UnsafePointer<Element> {
    buffer.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Element>.alignment)!
  }
}
