// Which fields a reader takes out of rows: a stream's own, or any list, as for the keys of a spine.
import FeatureModel

/// The fields to extract from each row, in the order of the batch's columns.
public struct RowSchema: Hashable, Sendable {
  public let fields: [StreamDeclaration.Field]
  /// Indices of fields that must have a value; a row with a null there is refused.
  public let required: Set<Int>

  /// Names that no row may have, because something is to be appended under them. Asked of the members of
  /// JSON objects only: a CSV file's names are in its header.
  public let reserved: [String]

  /// - Precondition: no two fields have one name.
  public init(
    _ fields: [StreamDeclaration.Field], required: Set<Int> = [], reserved: [String] = []
  ) {
    precondition(Set(fields.map(\.name)).count == fields.count, "two fields have one name")
    self.fields = fields
    self.required = required
    self.reserved = reserved
  }

  /// All fields of a stream; the event time must have a value.
  public init(_ stream: StreamDeclaration) {
    self.init(stream.fields, required: [stream.eventTime])
  }

  /// An empty batch with one column per field.
  public func makeBatch() -> EventBatch {
    EventBatch(columns: fields.map { EventColumn(type: $0.type) })
  }
}
