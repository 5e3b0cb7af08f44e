// JSON objects as CSV rows. The first object names the columns; a later one may lack some of them, but not
// bring others: a column that came in the middle of a file could only be dropped.
import FeatureModel

final class JSONToCSV {
  private(set) var header: CSVHeader?
  private var names: [[UInt8]] = []
  /// For each column, where its value stands in the row.
  private var values: [Member?] = []
  private var text = ValueText()
  private var name: [UInt8] = []
  private var unescaped: [UInt8] = []
  private var row = ConvertedRow()

  /// A member's value: its token, or the first one of a container, and the bytes of the whole.
  private struct Member {
    let token: JSONToken
    let range: Range<Int>
  }

  func convert(_ bytes: UnsafeRawBufferPointer) throws(ConversionFault) -> UnsafeRawBufferPointer {
    for column in values.indices { values[column] = nil }
    try readMembers(bytes)
    if header == nil { header = makeHeader() }
    text.bytes.removeAll(keepingCapacity: true)
    for (column, member) in values.enumerated() {
      if column > 0 { text.append(",") }
      if let member { append(member, of: bytes) }
    }
    return row.keep(text.bytes)
  }

  private func readMembers(_ bytes: UnsafeRawBufferPointer) throws(ConversionFault) {
    var scanner = JSONScanner(bytes)
    _ = try next(&scanner)
    var place = 0
    while true {
      let key = try next(&scanner)
      guard key.kind == .key else { return }
      let column = try column(of: key, in: bytes, place: place)
      guard values[column] == nil else {
        throw ConversionFault(
          field: String(decoding: names[column], as: UTF8.self), problem: .duplicateMember)
      }
      let token = try next(&scanner)
      if token.kind == .objectStart || token.kind == .arrayStart {
        // The object of the row is open around it.
        while scanner.depth > 1 { _ = try next(&scanner) }
        values[column] = Member(token: token, range: token.range.lowerBound..<scanner.offset)
      } else {
        values[column] = Member(token: token, range: token.range)
      }
      place += 1
    }
  }

  /// The column of a member's name; the first row makes them.
  private func column(
    of key: JSONToken, in bytes: UnsafeRawBufferPointer, place: Int
  ) throws(ConversionFault) -> Int {
    name.removeAll(keepingCapacity: true)
    if key.escaped {
      JSONScanner.unescape(key, in: bytes, into: &name)
    } else {
      name.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[key.range]))
    }
    if place < names.count, names[place] == name { return place }
    if let column = names.firstIndex(of: name) { return column }
    guard header == nil else {
      throw ConversionFault(
        field: nil, problem: .unknownMember(String(decoding: name, as: UTF8.self)))
    }
    names.append(name)
    values.append(nil)
    return names.count - 1
  }

  private func makeHeader() -> CSVHeader {
    var row = ValueText()
    for (column, name) in names.enumerated() {
      if column > 0 { row.append(",") }
      name.withUnsafeBytes { row.append(cell: $0) }
    }
    return CSVHeader(names: names.map { String(decoding: $0, as: UTF8.self) }, row: row.bytes)
  }

  private func append(_ member: Member, of bytes: UnsafeRawBufferPointer) {
    if member.token.kind == .null { return }
    guard member.token.escaped else {
      return text.append(cell: UnsafeRawBufferPointer(rebasing: bytes[member.range]))
    }
    unescaped.removeAll(keepingCapacity: true)
    JSONScanner.unescape(member.token, in: bytes, into: &unescaped)
    unescaped.withUnsafeBytes { text.append(cell: $0) }
  }

  private func next(_ scanner: inout JSONScanner) throws(ConversionFault) -> JSONToken {
    do { return try scanner.next() } catch {
      throw ConversionFault(field: nil, problem: .json(column: error.offset + 1, error.reason))
    }
  }
}
