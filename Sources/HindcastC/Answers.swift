// What calls answer, as JSON. docs/reference/c.md describes it.
import Hindcast

enum Answers {
  /// Of a load.
  static func report(_ report: TableReport) -> JSONValue {
    .object([
      ("rows", .int(Int64(report.rows))), ("rows_before", .int(Int64(report.rowsBefore))),
      ("rejected", .int(Int64(report.rejectedCount))),
      (
        "rejects",
        .array(
          report.rejected.map {
            .object([
              ("row", .int(Int64($0.row))), ("field", .string($0.field)),
              ("reason", .string($0.reason)),
            ])
          })
      ),
      ("expired", .int(Int64(report.expired))),
      ("views", .array(report.views.map { .string($0) })),
    ])
  }

  static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  static func view(_ view: RegisteredView, _ store: Store) -> JSONValue {
    let declaration = view.declaration
    let standing = store.standing(of: declaration.name)
    let deprecations = store.deprecations(of: declaration.name)
    return .object([
      ("view", .string(declaration.name)), ("stream", .string(declaration.stream)),
      ("entity", .array(declaration.entity.map { .string($0) })),
      ("slice", .string(DurationText.text(declaration.slice.milliseconds))),
      ("features", .object(declaration.features.map { ($0.name, .string($0.type.rawValue)) })),
      ("floor", view.floor.map { .string(declaration.slice.start(of: $0).description) } ?? .null),
      ("digest", .string(view.digest.description)),
      ("version", .int(Int64(standing.version))),
      ("state", .string(standing.word(of: declaration.name) ?? "serving")),
      (
        "deprecated",
        .object(deprecations.map { ($0.subject.description, .string($0.deprecation.text)) })
      ),
    ])
  }

  static func set(_ set: RegisteredSet, _ store: FeatureStore) throws -> JSONValue {
    let (fields, members) = try store.members(of: set.declaration)
    return .object([
      ("set", .string(set.declaration.name)), ("key", .array(fields.map { .string($0) })),
      ("features", .object(members.map { ($0.name, .string($0.type.rawValue)) })),
      ("declaration", CanonicalForm.json(set.declaration)),
      ("digest", .string(set.digest.description)),
    ])
  }

  static func stream(_ stream: RegisteredStream) -> JSONValue {
    let declaration = stream.declaration
    func name(_ index: Int?) -> JSONValue {
      index.map { .string(declaration.fields[$0].name) } ?? .null
    }
    return .object([
      ("stream", .string(declaration.name)),
      ("fields", .object(declaration.fields.map { ($0.name, .string($0.type.rawValue)) })),
      ("event_time", name(declaration.eventTime)), ("arrival_time", name(declaration.arrivalTime)),
      ("id", name(declaration.id)),
      ("seal", stream.seal.map { .string($0.description) } ?? .null),
      ("digest", .string(stream.digest.description)),
    ])
  }

  /// Of a declaration that was registered.
  static func registration(_ report: RegistrationReport) -> JSONValue {
    .object([
      ("kind", .string(report.kind.rawValue)), ("name", .string(report.name)),
      ("outcome", .string(report.outcome.name)),
      ("differences", .array(report.outcome.differences.map { .string($0) })),
      ("lacks_history", .bool(report.lacksHistory)),
    ])
  }

  static func table(_ table: RegisteredTable, _ stream: RegisteredStream) -> JSONValue {
    func types(_ fields: [StreamDeclaration.Field]) -> JSONValue {
      .object(fields.map { ($0.name, .string($0.type.rawValue)) })
    }
    let declaration = table.declaration
    return .object([
      ("table", .string(declaration.name)), ("key", types(declaration.key)),
      ("valid_from", declaration.validFrom.map { .string($0) } ?? .null),
      ("attributes", types(declaration.attributes)),
      ("slice", .string(DurationText.text(declaration.slice.milliseconds))),
      ("seal", stream.seal.map { .string($0.description) } ?? .null),
      ("digest", .string(table.digest.description)),
    ])
  }

  static func correction(_ report: CorrectionReport) -> JSONValue {
    .object([
      ("known_from", .string(report.time.description)),
      ("retracted", .int(Int64(report.retracted))), ("appended", .int(Int64(report.appended))),
      ("slices", .int(Int64(report.slices))), ("expired", .int(Int64(report.expired))),
    ])
  }

  /// Of a table's rows.
  static func load(_ report: LoadReport) -> JSONValue {
    let change = report.change
    return .object([
      ("table", .string(report.table)), ("rows", .int(Int64(report.rows))),
      ("added", .int(Int64(change.added))), ("changed", .int(Int64(change.changed))),
      ("removed", .int(Int64(change.removed))), ("unchanged", .int(Int64(change.unchanged))),
      ("known_from", change.time.map { .string($0.description) } ?? .null),
    ])
  }

  static func forgotten(_ report: ForgetReport) -> JSONValue {
    let places = report.places.map { place in
      JSONValue.object([
        ("kind", .string(place.kind)), ("name", .string(place.name)),
        ("unit", .string(place.unit)), ("erased", .int(Int64(place.erased))),
        ("left", .int(Int64(place.left))),
      ])
    }
    let mentions = report.mentions.map { mention in
      JSONValue.object([
        ("place", .string(mention.place)), ("what", .string(mention.what)),
        ("count", .int(Int64(mention.count))), ("way_out", .string(mention.wayOut)),
      ])
    }
    return .object([
      ("fields", texts(report.fields)), ("places", .array(places)), ("mentions", .array(mentions)),
      ("bytes_read", .int(Int64(report.bytesRead))),
      ("text_searched", .bool(report.isTextSearched)), ("erased", .int(Int64(report.erased))),
      ("left", .int(Int64(report.left))),
    ])
  }

  /// Columns with their types, in their order.
  static func columns(_ fields: [SpineField]) -> JSONValue {
    .array(
      fields.map { .object([("name", .string($0.name)), ("type", .string($0.type.rawValue))]) })
  }

  /// A feature's value with its type, which JSON alone does not tell.
  static func value(_ value: Value, _ type: FieldType) -> JSONValue {
    .object([("type", .string(type.rawValue)), ("value", JSONValue(value))])
  }
}
