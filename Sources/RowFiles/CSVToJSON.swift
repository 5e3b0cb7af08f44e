// CSV rows as JSON objects: each cell is a string under its column's name, an empty cell without quotation
// marks is null, as it is for whoever reads the CSV file.
import FeatureModel

final class CSVToJSON {
  private let names: [String]
  /// What stands before each value: `"name":`, with the brace or comma before it.
  private let labels: [[UInt8]]
  private let cells: UnsafeMutableBufferPointer<CSVCell>
  private var text: [UInt8] = []
  private var unescaped: [UInt8] = []
  private var row = ConvertedRow()

  init(_ header: CSVHeader, path: String) throws(RowFileError) {
    var seen: Set<[UInt8]> = []
    for name in header.names where !seen.insert(Array(name.utf8)).inserted {
      throw RowFileError(path: path, problem: .duplicateColumn(name))
    }
    names = header.names
    labels = names.enumerated().map { index, name in
      var label = [UInt8(ascii: index == 0 ? "{" : ",")]
      JSONWriter.append(string: name, to: &label)
      return label + [UInt8(ascii: ":")]
    }
    cells = .allocate(capacity: names.count)
    cells.initialize(repeating: CSVCell(start: 0, end: 0, quoting: .none))
  }

  deinit { cells.deallocate() }

  func convert(_ bytes: UnsafeRawBufferPointer) throws(ConversionFault) -> UnsafeRawBufferPointer {
    text.removeAll(keepingCapacity: true)
    let scanned = CSVScanner.row(bytes, at: 0, into: cells)
    precondition(scanned.cellCount == cells.count, "the row was not accepted")
    let base = bytes.baseAddress.unsafelyUnwrapped
    for (index, cell) in cells.enumerated() {
      text.append(contentsOf: labels[index])
      if cell.isNull {
        text.append(contentsOf: "null".utf8)
      } else {
        try append(cell, base, named: names[index])
      }
    }
    text.append(UInt8(ascii: "}"))
    return row.keep(text)
  }

  private func append(
    _ cell: CSVCell, _ base: UnsafeRawPointer, named name: String
  ) throws(ConversionFault) {
    let bytes = cell.bytes(in: base)
    if let invalid = UTF8Sequence.firstInvalid(bytes) {
      throw ConversionFault(field: name, problem: .invalidUTF8(at: invalid))
    }
    guard cell.quoting == .escaped else { return JSONWriter.append(utf8: bytes, to: &text) }
    unescaped.removeAll(keepingCapacity: true)
    cell.unescape(in: base, into: &unescaped)
    unescaped.withUnsafeBytes { JSONWriter.append(utf8: $0, to: &text) }
  }
}
