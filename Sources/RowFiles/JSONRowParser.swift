// JSON Lines to columns: one object per line, members in any order. Rows of one file mostly have their
// members in one order, so the member at a place is first compared with the one that stood there before.
import FeatureModel
import Glibc

/// The parser of one JSON Lines file's rows.
final class JSONRowParser {
  private let schema: RowSchema
  private let names: [[UInt8]]
  private let reserved: Set<[UInt8]>
  /// For the n-th member of a row: the field it was in an earlier row, or -1.
  private var guesses: [Int] = []
  private var unescaped: [UInt8] = []

  private struct Fault: Error {
    let field: Int?
    let problem: RowProblem
  }

  init(_ schema: RowSchema) {
    self.schema = schema
    names = schema.fields.map { Array($0.name.utf8) }
    reserved = Set(schema.reserved.map { Array($0.utf8) })
  }

  func parse(
    _ bytes: UnsafeRawBufferPointer, line firstLine: Int, _ batch: inout EventBatch,
    _ rows: inout [RowSpan], _ rejects: (RowRejection) -> Void
  ) {
    var line = firstLine
    var position = 0
    var count = batch.count
    while position < bytes.count {
      let newline = RowBoundaries.find(0x0A, bytes, from: position) ?? bytes.count
      var end = newline
      if end > position, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      if end > position {
        do throws(Fault) {
          let row = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
          try append(row, to: &batch, count: count)
          let start = UInt32(truncatingIfNeeded: position)
          rows.append(RowSpan(start: start, end: UInt32(truncatingIfNeeded: end), line: line))
          count += 1
        } catch {
          batch.takeBack(to: count)
          let name = error.field.map { schema.fields[$0].name }
          rejects(
            RowRejection(line: line, field: name, problem: error.problem, range: position..<end))
        }
      }
      line += 1
      position = newline + 1
    }
  }

  private func append(
    _ row: UnsafeRawBufferPointer, to batch: inout EventBatch, count: Int
  ) throws(Fault) {
    var scanner = JSONScanner(row)
    guard try next(&scanner).kind == .objectStart else {
      throw Fault(field: nil, problem: .notAnObject)
    }
    var place = 0
    while true {
      let key = try next(&scanner)
      if key.kind == .objectEnd { break }
      let field = field(of: key, in: row, place: place)
      place += 1
      if !reserved.isEmpty { try checkReserved(key, in: row) }
      guard field >= 0 else {
        do { try scanner.skipValue() } catch { throw Self.fault(error) }
        continue
      }
      if batch.columns[field].words.count > count {
        throw Fault(field: field, problem: .duplicateMember)
      }
      let problem = try appendValue(&scanner, row, to: &batch.columns[field])
      if let problem { throw Fault(field: field, problem: problem) }
    }
    _ = try next(&scanner)
    try fillUp(&batch, count: count)
  }

  private func checkReserved(
    _ key: JSONToken, in row: UnsafeRawBufferPointer
  ) throws(Fault) {
    var name = Array(row[key.range])
    if key.escaped {
      name.removeAll()
      JSONScanner.unescape(key, in: row, into: &name)
    }
    if reserved.contains(name) {
      throw Fault(
        field: nil, problem: .reservedMember(String(decoding: name, as: UTF8.self)))
    }
  }

  /// Absent members are null; nulls must be allowed.
  private func fillUp(_ batch: inout EventBatch, count: Int) throws(Fault) {
    for field in names.indices where batch.columns[field].words.count == count {
      batch.columns[field].appendNull()
    }
    for field in schema.required where batch.columns[field].valid[count] == 0 {
      throw Fault(field: field, problem: .missing)
    }
  }

  private func appendValue(
    _ scanner: inout JSONScanner, _ row: UnsafeRawBufferPointer, to column: inout EventColumn
  ) throws(Fault) -> RowProblem? {
    let token = try next(&scanner)
    switch (token.kind, column.type) {
    case (.null, _):
      column.appendNull()
      return nil
    case (.string, .string), (.string, .timestamp):
      return appendText(token, row, to: &column)
    case (.true, .bool), (.false, .bool):
      column.append(word: token.kind == .true ? 1 : 0)
      return nil
    case (.number, .int), (.number, .double), (.number, .timestamp):
      return ValueParser.append(UnsafeRawBufferPointer(rebasing: row[token.range]), to: &column)
    default:
      return try mismatch(&scanner, from: token, column.type)
    }
  }

  private func appendText(
    _ token: JSONToken, _ row: UnsafeRawBufferPointer, to column: inout EventColumn
  ) -> RowProblem? {
    let text = UnsafeRawBufferPointer(rebasing: row[token.range])
    if !token.escaped {
      // The scanner has checked that it is UTF-8.
      guard column.type == .string else { return ValueParser.append(text, to: &column) }
      column.append(utf8: text)
      return nil
    }
    unescaped.removeAll(keepingCapacity: true)
    JSONScanner.unescape(token, in: row, into: &unescaped)
    return unescaped.withUnsafeBytes { ValueParser.append($0, to: &column) }
  }

  /// The value that begins with `token` is of another type; a container is read to its end for the message.
  private func mismatch(
    _ scanner: inout JSONScanner, from token: JSONToken, _ type: FieldType
  ) throws(Fault) -> RowProblem {
    if token.kind == .objectStart || token.kind == .arrayStart {
      // The object of the row is open around it.
      while scanner.depth > 1 { _ = try next(&scanner) }
    }
    let start = token.kind == .string ? token.range.lowerBound - 1 : token.range.lowerBound
    let value = UnsafeRawBufferPointer(rebasing: scanner.bytes[start..<scanner.offset])
    let excerpt = RowProblem.excerpt(value)
    return switch type {
    case .int: .notAnInteger(excerpt)
    case .double: .notANumber(excerpt)
    case .bool: .notABool(excerpt)
    case .string: .notAString(excerpt)
    case .timestamp: .notATimestamp(excerpt)
    }
  }

  /// The field that a member's name says, or -1.
  private func field(of key: JSONToken, in row: UnsafeRawBufferPointer, place: Int) -> Int {
    if key.escaped {
      unescaped.removeAll(keepingCapacity: true)
      JSONScanner.unescape(key, in: row, into: &unescaped)
      return names.firstIndex(of: unescaped) ?? -1
    }
    let name = UnsafeRawBufferPointer(rebasing: row[key.range])
    if place < guesses.count, guesses[place] >= 0, equals(name, guesses[place]) {
      return guesses[place]
    }
    let found = names.indices.first { equals(name, $0) } ?? -1
    if place < guesses.count {
      guesses[place] = found
    } else if place < 1024 {
      guesses += repeatElement(-1, count: place - guesses.count)
      guesses.append(found)
    }
    return found
  }

  private func equals(_ name: UnsafeRawBufferPointer, _ field: Int) -> Bool {
    names[field].withUnsafeBytes {
      $0.count == name.count
        && (name.isEmpty || memcmp($0.baseAddress!, name.baseAddress!, $0.count) == 0)
    }
  }

  private func next(_ scanner: inout JSONScanner) throws(Fault) -> JSONToken {
    do { return try scanner.next() } catch { throw Self.fault(error) }
  }

  private static func fault(_ error: JSONError) -> Fault {
    Fault(field: nil, problem: .json(column: error.offset + 1, error.reason))
  }
}
