// A table of small data to look things up in: attributes by key, each row valid from an instant on. It is no
// third kind of storage: it lowers to a stream of its rows, which are kept, and to one view over it, whose
// features are the attributes of the newest row. So whatever reads views reads tables.

/// A keyed set of attributes with valid-from times.
public struct TableDeclaration: Hashable, Sendable {
  public let name: String
  /// At least one field, none a double.
  public let key: [StreamDeclaration.Field]
  /// The column of a file that says from when on a row is valid; nil where rows always are.
  public let validFrom: String?
  public let attributes: [StreamDeclaration.Field]
  public let slice: SliceLength

  public init(
    name: String, key: [StreamDeclaration.Field], validFrom: String?,
    attributes: [StreamDeclaration.Field], slice: SliceLength = usualSlice
  ) {
    self.name = name
    self.key = key
    self.validFrom = validFrom
    self.attributes = attributes
    self.slice = slice
  }

  /// A row that becomes known, or valid, is answered with a quarter of an hour later at most.
  public static let usualSlice = SliceLength(milliseconds: 900_000)!
  /// The stream's field, and the view's feature, where the declaration names none.
  public static let usualValidFrom = "valid_from"
  /// The stream's field that names a row: its key and from when on it is valid.
  public static let rowID = "row_id"
  /// So many attributes fit into one view.
  static let attributeLimit = 180
}

extension TableDeclaration {
  /// What the instant is called from which on a row is valid.
  public var validFromName: String { validFrom ?? Self.usualValidFrom }

  /// The columns of a file of rows.
  public var fileFields: [StreamDeclaration.Field] {
    key + (validFrom.map { [.init(name: $0, type: .timestamp)] } ?? []) + attributes
  }

  /// The stream of the rows. Attributes come last, where further ones can be added.
  public var stream: StreamDeclaration {
    StreamDeclaration(
      name: name,
      fields: key + [
        .init(name: validFromName, type: .timestamp), .init(name: Self.rowID, type: .string),
      ] + attributes, eventTime: key.count, arrivalTime: nil, id: key.count + 1, keep: .forever)
  }

  /// The view that answers: from when on the newest row is valid, null for a key that the table does not
  /// have, and its attributes.
  public var view: ViewDeclaration {
    let time = FeatureDeclaration(
      name: validFromName, aggregation: Aggregation(function: "lastTime", field: nil),
      window: .lifetime, type: .timestamp)
    let values = attributes.map {
      FeatureDeclaration(
        name: $0.name, aggregation: Aggregation(function: "latest", field: $0.name),
        window: .lifetime, type: $0.type)
    }
    return ViewDeclaration(
      name: name, stream: name, entity: key.map(\.name), slice: slice, filter: nil, retention: nil,
      features: [time] + values)
  }
}

extension TableDeclaration {
  /// The rows of a file as events of the stream. A row without a valid-from time is valid from the first
  /// instant there is; what names a row is its key, written as in requests, a bar, and that instant.
  /// - Parameter file: with the columns `fileFields`.
  public func events(of file: EventBatch) -> EventBatch {
    var events = EventBatch(stream)
    for row in 0..<file.count {
      for index in key.indices {
        events.columns[index].append(file.columns[index], rows: row..<row + 1)
      }
      let first = key.count + (validFrom == nil ? 0 : 1)
      for index in attributes.indices {
        events.columns[key.count + 2 + index].append(
          file.columns[first + index], rows: row..<row + 1)
      }
      let isDated = validFrom != nil && file.columns[key.count].valid[row] != 0
      let time = isDated ? file.columns[key.count].value(row) : .timestamp(.earliest)
      events.columns[key.count].append(time)
      let id = rowID(file, row, time)
      id.withUnsafeBytes { events.columns[key.count + 1].append(utf8: $0) }
    }
    return events
  }

  private func rowID(_ file: EventBatch, _ row: Int, _ time: Value) -> [UInt8] {
    var id: [UInt8] = []
    for column in file.columns[..<key.count] {
      if column.type == .string {
        for byte in column.text[column.textRange(row)] {
          if byte == UInt8(ascii: "|") || byte == UInt8(ascii: "\\") {
            id.append(UInt8(ascii: "\\"))
          }
          id.append(byte)
        }
      } else if column.valid[row] != 0 {
        EntityKeyBuilder.append(word: column.words[row], column.type, to: &id)
      }
      id.append(UInt8(ascii: "|"))
    }
    return id + time.description.utf8
  }
}
