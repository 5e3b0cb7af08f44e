// The dry run of declarations: a store of its own in a temporary folder takes a sample in, and is asked for
// some of its entities. Nothing is registered anywhere, and every value comes from the one read path.
import FeatureModel
import RowFiles
import SliceStore

/// What a dry run shows of one view.
public struct CheckedView: Sendable {
  public var view: ViewDeclaration
  /// Rows of the sample.
  public var rows = 0
  /// Rows of the sample that can't be read, each with its reason; at most ten.
  public var rejected: [RowRejection] = []
  public var rejectedCount = 0
  /// Stored entries, and their bytes before compression.
  public var entries = 0
  public var storedBytes = 0
  /// For some entities of the sample's last rows: key, time asked about, values in the features' order.
  public var answers: [(entity: [String], time: Timestamp, values: [Value])] = []
  /// The derived fields, each with the first values in the sample that differ; at most three.
  public var derived: [(name: String, type: FieldType, examples: [Value])] = []
  /// What is suspicious: a filter that no row passes, a key that is null in most rows, a window that reaches
  /// further back than events are kept.
  public var warnings: [String] = []
  /// What is worth knowing: a filter that all rows pass, a feature that has one value for all entities, a bound
  /// that an entity goes beyond, what is large or slow.
  public var notes: [String] = []
}

extension FeatureStore {
  /// Tries views over a sample of their stream. `streams` may be new; views see no other history.
  public static func check(
    _ views: [ViewDeclaration], of stream: StreamDeclaration, sample: String,
    format: RowFormat? = nil, entities: Int = 3
  ) throws(HindcastError) -> [CheckedView] {
    try check(views, of: stream, sample: sample, format: format, entities: entities, deriver: nil)
  }

  /// The same of a sample whose rows lack what `deriver` fills in.
  static func check(
    _ views: [ViewDeclaration], of stream: StreamDeclaration, sample: String,
    format: RowFormat?, entities: Int, deriver: RowDeriver?
  ) throws(HindcastError) -> [CheckedView] {
    let batch = try readSample(sample, stream, format, deriver)
    var checked = try check(views, of: stream, on: batch.rows, entities: entities)
    for index in checked.indices {
      checked[index].rows += batch.rejected.count
      checked[index].rejected = Array(batch.rejected.prefix(10))
      checked[index].rejectedCount = batch.rejected.count
    }
    return checked
  }

  /// The same of rows in memory.
  static func check(
    _ views: [ViewDeclaration], of stream: StreamDeclaration, on rows: EventBatch, entities: Int
  ) throws(HindcastError) -> [CheckedView] {
    let folder = try ScratchFolder("hindcast-check")
    defer { withExtendedLifetime(folder) {} }
    return try views.enumerated().map { index, view throws(HindcastError) in
      var checked = CheckedView(view: view)
      checked.rows = rows.count
      if let join = view.join {
        checked.notes.append(
          "it is not tried: it joins stream '\(join.stream)', of which the sample has no events")
        return checked
      }
      // One store per view, so that its size is the view's own.
      let trial = try HindcastError.store { () throws(StoreError) in
        try FeatureStore.open("\(folder.path)/\(index)", .create)
      }
      let tried = RowDerivation(view, of: stream).pieces(of: rows, bytes: textBytes)[0]
      if tried != 0..<rows.count {
        checked.rows = tried.count
        checked.notes.append(
          "the sample's first \(tried.count) rows are tried: for more, what it computes is too long"
        )
      }
      try trial.check(
        view, stream, tried == 0..<rows.count ? rows : rows.part(tried), entities, into: &checked)
      return checked
    }
  }

  /// Of texts that a view computes of a sample, all at once.
  private static let textBytes = 512 << 20

  private static func readSample(
    _ path: String, _ stream: StreamDeclaration, _ format: RowFormat?, _ deriver: RowDeriver?
  ) throws(HindcastError) -> (rows: EventBatch, rejected: [RowRejection]) {
    try HindcastError.file { () throws(RowFileError) in
      let chunker = try RowChunker(path: path, format: format)
      let schema = deriver?.schema ?? RowSchema(stream)
      let reader = SampleReader(try RowParser(for: chunker, schema: schema), deriver, stream)
      // A sample is a sample: the first 64 MiB say enough.
      var bytes = 0
      while bytes < 64 << 20, let chunk = try chunker.next() {
        bytes += chunk.bytes.count
        reader.take(chunk)
      }
      return (reader.rows, reader.rejected)
    }
  }

  private func check(
    _ view: ViewDeclaration, _ stream: StreamDeclaration, _ batch: EventBatch, _ entities: Int,
    into checked: inout CheckedView
  ) throws(HindcastError) {
    try HindcastError.store { () throws(StoreError) in
      try store.register(stream)
      try store.register(view)
      let loader = try store.bulkLoader(
        for: stream.name, views: [try store.view(view.name)], workers: 1)
      _ = loader.add(batch, worker: 0)
      try loader.commit(positions: [])
      let report = try store.verify()
      checked.entries = report.entries
      checked.storedBytes = report.bytes
      let scope = view.scope(of: stream)
      let filters = Self.filters(view, scope)
      let derivation = RowDerivation(view, of: stream, filters: filters.map(\.filter))
      let extended = derivation.extend(batch)
      checked.derived = Self.derived(view, scope, extended)
      var findings = SampleFindings(
        view, scope, extended, derivation, filters: filters.map(\.text))
      let asked = try answers(view, scope, extended, max(entities, Self.entitiesAsked))
      findings.look(at: asked.map(\.values))
      let advice = DeclarationAdvice(view, of: stream, longestTexts: findings.longestTexts)
      checked.warnings = findings.warnings + advice.warnings
      checked.notes += findings.notes + advice.notes
      checked.answers = Array(asked.prefix(entities))
    }
  }

  /// So many entities say whether a feature tells any apart.
  private static let entitiesAsked = 1000

  private static func derived(
    _ view: ViewDeclaration, _ scope: StreamDeclaration, _ batch: EventBatch
  ) -> [(name: String, type: FieldType, examples: [Value])] {
    view.derived.map { field in
      let column = batch.columns[scope.index(of: field.name)!]
      var examples: [Value] = []
      for row in 0..<batch.count where examples.count < 3 && column.valid[row] != 0 {
        let value = column.value(row)
        if !examples.contains(value) { examples.append(value) }
      }
      return (field.name, field.type, examples)
    }
  }

  /// The features' own filters, each once, over the stream as the view sees it.
  private static func filters(
    _ view: ViewDeclaration, _ scope: StreamDeclaration
  ) -> [(text: CanonicalText, filter: Filter)] {
    var found: [(text: CanonicalText, filter: Filter)] = []
    for aggregation in view.features.map(\.aggregation) {
      guard let text = aggregation.filter, !found.contains(where: { $0.text == text }),
        let filter = try? aggregation.filter(over: scope)
      else { continue }
      found.append((text, filter))
    }
    return found
  }

  /// The entities of the last rows, each asked one slice after its last event, when that event counts.
  private func answers(
    _ view: ViewDeclaration, _ stream: StreamDeclaration, _ batch: EventBatch, _ limit: Int
  ) throws(StoreError) -> [(entity: [String], time: Timestamp, values: [Value])] {
    let fields = view.entity.compactMap { stream.index(of: $0) }
    let reader = try store.reader(of: view.name)
    var seen: Set<EntityKey> = []
    var answers: [(entity: [String], time: Timestamp, values: [Value])] = []
    var key: [UInt8] = []
    for row in (0..<batch.count).reversed() where answers.count < limit {
      guard EntityKeyBuilder.build(batch, fields, row, into: &key) else { continue }
      let entity = EntityKey(bytes: key)
      guard seen.insert(entity).inserted else { continue }
      let event = Int64(bitPattern: batch.columns[stream.eventTime].words[row])
      guard let time = Timestamp(milliseconds: event + view.slice.milliseconds) else { continue }
      let values = try reader.answer(entity, at: time, .corrected)
      answers.append((entity.parts(count: fields.count) ?? [], time, values))
    }
    return answers
  }
}
