// Rows of a file made whole: what a plugin computes is filled in, and all other fields go through as they
// stand, whether the plugin knows them or not. So a file is taken in with derived fields under the same
// positions, and with the same rejects, as without them.
import FeatureModel
import RowFiles
import SliceStore

/// Fills the computed fields of a stream's rows.
struct RowDeriver: Sendable {
  /// What the rows of a file have to have.
  let schema: RowSchema
  /// Fills an empty batch of the stream's columns from one of the schema's, whose columns it may take away.
  /// Rows that cannot be an event are left out and named.
  let derive: @Sendable (inout EventBatch, inout EventBatch) -> [RefusedEvent]

  /// Nil where the view computes nothing, and rows are whole as they are.
  static func of<View: FeatureView>(
    _ view: View.Type, into registered: StreamDeclaration
  ) throws(HindcastError) -> RowDeriver? {
    let stream = View.stream
    let derived = stream.fields.filter(\.isDerived)
    if derived.isEmpty { return nil }
    let names = Set(derived.map(\.name))
    let stored = registered.fields.filter { !names.contains($0.name) }
    let decoder = try EventDecoder(stream, from: stored)
    var computed: [(column: Int, get: @Sendable (View.Event) -> Value)] = []
    for field in derived {
      guard let column = registered.index(of: field.name) else {
        throw .refused(
          "stream '\(registered.name)' has no field '\(field.name)', which \(View.self) computes: register the "
            + "plugin first, which adds it")
      }
      try StreamFit.check(field, against: registered.fields[column], of: registered.name)
      computed.append((column, field.get))
    }
    let filling = Filling(
      decoder: decoder, computed: computed, names: registered.fields.map(\.name),
      moved: stored.map { registered.index(of: $0.name)! })
    return RowDeriver(schema: schema(stored, of: registered)) { filling.fill(&$1, from: &$0) }
  }

  private static func schema(
    _ stored: [StreamDeclaration.Field], of registered: StreamDeclaration
  ) -> RowSchema {
    let eventTime = registered.fields[registered.eventTime].name
    let required = stored.indices.filter { stored[$0].name == eventTime }
    return RowSchema(stored, required: Set(required))
  }
}

/// What is done with each batch.
private struct Filling<Event: Sendable>: Sendable {
  let decoder: EventDecoder<Event>
  let computed: [(column: Int, get: @Sendable (Event) -> Value)]
  /// Of the stream's columns.
  let names: [String]
  /// For each column of a file's row, the one of the stream.
  let moved: [Int]

  func fill(_ full: inout EventBatch, from rows: inout EventBatch) -> [RefusedEvent] {
    var refused: [RefusedEvent] = []
    var values: [Value] = []
    for row in 0..<rows.count {
      do throws(RefusedEvent) {
        let event = try decoder.event(rows, row)
        values.removeAll(keepingCapacity: true)
        for (column, get) in computed {
          let value = get(event)
          if case .double(let number) = value, !number.isFinite {
            throw RefusedEvent(
              row: row, field: names[column], reason: "\(number) is not a finite number")
          }
          values.append(value)
        }
        for (index, value) in values.enumerated() {
          full.columns[computed[index].column].append(value)
        }
      } catch { refused.append(error) }
    }
    if refused.isEmpty {
      for (from, to) in moved.enumerated() { swap(&rows.columns[from], &full.columns[to]) }
      return []
    }
    var start = 0
    for end in refused.map(\.row) + [rows.count] {
      for (from, to) in moved.enumerated() where start < end {
        full.columns[to].append(rows.columns[from], rows: start..<end)
      }
      start = end + 1
    }
    return refused
  }
}
