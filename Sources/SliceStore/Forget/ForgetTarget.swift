// Where an entity may be stored by its key: the views that have its fields in theirs, and the kept events of
// streams that have them, declared or computed by a view. Worked out from the registry as it is.
import FeatureModel

struct ForgetTarget {
  /// A view with the entity's fields among those of its key.
  struct KeyedView {
    let view: RegisteredView
    /// Of the key's parts, which have to be what.
    let wanted: [(place: Int, text: [UInt8])]

    /// Where the entity is the whole key.
    var key: EntityKey? {
      guard wanted.count == view.declaration.entity.count else { return nil }
      let texts = wanted.sorted { $0.place < $1.place }.map(\.text)
      if texts.count == 1 { return EntityKey(bytes: texts[0]) }
      var bytes: [UInt8] = []
      for text in texts {
        bytes.appendBigEndian(UInt32(text.count))
        bytes += text
      }
      return EntityKey(bytes: bytes)
    }

    /// Whether a key's entity is the one, or a part of it is.
    func matches(_ entity: UnsafeRawBufferPointer) -> Bool {
      let count = view.declaration.entity.count
      guard let parts = EntityKey.partRanges(of: entity, count: count) else { return false }
      return wanted.allSatisfy { entity[parts[$0.place]].elementsEqual($0.text) }
    }
  }

  /// A stream whose kept events may be the entity's.
  struct KeptStream {
    let stream: RegisteredStream
    let log: KeptLog
    let matcher: RowMatcher
  }

  let parts: [EntityPart]
  let views: [KeyedView]
  let streams: [KeptStream]
  /// Of the declarations that this was made from.
  let declarations: [String]

  /// - Throws: where the store has nothing by such fields, and says why.
  init(_ parts: [EntityPart], _ registry: Registry) throws(StoreError) {
    guard !parts.isEmpty else { throw .invalid("no entity is named: write FIELD=VALUE") }
    let names = parts.map(\.field)
    guard Set(names).count == names.count else { throw .invalid("a field is named twice") }
    let streams = registry.streams.values.sorted { $0.declaration.name < $1.declaration.name }
    var views: [KeyedView] = []
    var kept: [KeptStream] = []
    var declarations: [String] = []
    for stream in streams {
      let readers = registry.views(of: stream.declaration.name)
      declarations += [stream.digest.description] + readers.map { "\($0.id.number) \($0.digest)" }
      views += readers.compactMap { Self.keyed($0, over: stream.declaration, parts) }
      guard let log = stream.kept else { continue }
      try Self.requireEvents(of: parts, readers.map(\.declaration), stream.declaration, registry)
      let matcher = RowMatcher(parts, stream.declaration, readers.map(\.declaration))
      if let matcher { kept.append(KeptStream(stream: stream, log: log, matcher: matcher)) }
    }
    self.parts = parts
    self.views = views
    self.streams = kept
    self.declarations = declarations
    if views.isEmpty, kept.isEmpty { throw Self.objection(parts, registry) }
  }

  /// Throws where a view makes the entity of pairs of events, of which none has it by itself: they would stay,
  /// and bring it back with the next correction or build.
  private static func requireEvents(
    of parts: [EntityPart], _ views: [ViewDeclaration], _ stream: StreamDeclaration,
    _ registry: Registry
  ) throws(StoreError) {
    let names = parts.map(\.field)
    for view in views {
      guard let join = view.join, names.allSatisfy(view.entity.contains) else { continue }
      let other = registry.streams[join.stream]?.declaration
      let isFound = [stream, other].contains { stream in
        names.allSatisfy { stream?.index(of: $0) != nil }
      }
      if isFound { continue }
      throw .invalid(
        "\(names.map { "'\($0)'" }.joined(separator: ", ")) in the key of view '\(view.name)' is made of events of "
          + "'\(stream.name)' and '\(join.stream)' together, none of which is of that entity alone: forget it by "
          + "a field of one of the two streams, or drop the view first")
    }
  }

  private static func keyed(
    _ view: RegisteredView, over stream: StreamDeclaration, _ parts: [EntityPart]
  ) -> KeyedView? {
    let scope = view.declaration.scope(of: stream)
    var wanted: [(place: Int, text: [UInt8])] = []
    for part in parts {
      guard let place = view.declaration.entity.firstIndex(of: part.field),
        let field = scope.index(of: part.field),
        let value = part.value(as: scope.fields[field].type)
      else { return nil }
      wanted.append((place, value.text))
    }
    return KeyedView(view: view, wanted: wanted)
  }

  /// Why nothing can be found.
  private static func objection(_ parts: [EntityPart], _ registry: Registry) -> StoreError {
    var types: [String: Set<FieldType>] = [:]
    for stream in registry.streams.values {
      let views = registry.views(of: stream.declaration.name).map(\.declaration)
      for scope in [stream.declaration] + views.map({ $0.scope(of: stream.declaration) }) {
        for field in scope.fields { types[field.name, default: []].insert(field.type) }
      }
    }
    for part in parts {
      guard let known = types[part.field] else {
        return .invalid(
          "no stream or view has a field '\(part.field)'"
            + Suggestion.phrase(for: part.field, among: types.keys.sorted()))
      }
      if known == [.double] {
        return .invalid("field '\(part.field)' is double, and no entity is named by such a value")
      }
      if !known.contains(where: { part.value(as: $0) != nil }) {
        let kinds = known.map(\.rawValue).sorted().joined(separator: " or ")
        return .invalid("the value for field '\(part.field)' is no \(kinds)")
      }
    }
    let names = parts.map { "'\($0.field)'" }.joined(separator: ", ")
    return .invalid(
      "nothing is stored by \(names): no view has \(parts.count == 1 ? "it" : "them") in its key, and no "
        + "stream with \(parts.count == 1 ? "it" : "them") keeps its events")
  }
}
