// Looks for an entity in everything that is stored: by its key, by its events, and, where it is named by one
// text, by the bytes of that text in all keys and values as they are once they are uncompressed.
import Aggregates
import FeatureModel
import Glibc
import Rocks

extension Store {
  /// What is stored of an entity, as `left`; changes nothing.
  /// - Complexity: O(bytes stored).
  public func find(_ parts: [EntityPart]) throws(StoreError) -> ForgetReport {
    let registry = registry.withLock { $0 }
    var search = EntitySearch(try ForgetTarget(parts, registry), registry)
    for name in database.familyNames {
      let family = try StoreError.wrap { () throws(RocksError) in try database.family(name) }
      var cursor = database.cursor(
        in: family, options: ReadOptions(verifyChecksums: true, fillCache: false))
      cursor.seekToFirst()
      while cursor.isValid {
        switch name {
        case "meta": search.lookAtRecord(cursor.key, cursor.value)
        case "slices": try search.look(at: cursor.key, cursor.value)
        default: search.lookElsewhere(name, cursor.key, cursor.value)
        }
        cursor.next()
      }
      try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    }
    search.lookThroughFiles(self)
    return search.report
  }
}

/// One reading of everything.
private struct EntitySearch {
  private(set) var report: ForgetReport
  private let views: [UInt32: ForgetTarget.KeyedView]
  private let streams: [UInt32: ForgetTarget.KeptStream]
  /// Names of all views, and all streams that keep events.
  private let names: [UInt32: String]
  private let logs: [UInt32: StreamDeclaration]
  private let needle: [UInt8]?
  private var batch: EventBatch?
  private var batchLog: UInt32 = 0

  init(_ target: ForgetTarget, _ registry: Registry) {
    let all = Array(registry.views.values) + registry.building.values.map(\.view)
    names = Dictionary(uniqueKeysWithValues: all.map { ($0.id.number, $0.declaration.name) })
    logs = Dictionary(
      uniqueKeysWithValues: registry.streams.values.compactMap { stream in
        stream.kept.map { ($0.taker.number, stream.declaration) }
      })
    views = Dictionary(uniqueKeysWithValues: target.views.map { ($0.view.id.number, $0) })
    streams = Dictionary(uniqueKeysWithValues: target.streams.map { ($0.log.taker.number, $0) })
    needle = ByteSearch.needle(for: target.parts)
    report = ForgetReport(fields: target.parts.map(\.field))
    report.isTextSearched = needle != nil
    for view in target.views {
      report.add(.init(kind: "view", name: view.view.declaration.name, unit: "blocks"))
    }
    for stream in target.streams {
      report.add(.init(kind: "kept events", name: stream.stream.declaration.name, unit: "events"))
    }
  }

  private func hasNeedle(_ bytes: UnsafeRawBufferPointer) -> Bool {
    needle.map { ByteSearch.has($0, bytes) } ?? false
  }

  private mutating func mention(_ place: String, _ what: String, _ wayOut: String, _ count: Int = 1)
  {
    let known = report.mentions.firstIndex { $0.place == place && $0.what == what }
    let before = known.map { report.mentions.remove(at: $0).count } ?? 0
    report.mentions.append(
      .init(place: place, count: before + count, what: what, wayOut: wayOut))
  }

  /// A record about declarations.
  mutating func lookAtRecord(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    report.bytesRead += key.count + value.count
    guard hasNeedle(key) || hasNeedle(value) else { return }
    let name = String(decoding: key, as: UTF8.self)
    mention(
      "record '\(name.prefix { $0 != "/" })'", "records of declarations name it",
      "declare it without; the audit trail stays as it is")
  }

  /// Whatever else is stored.
  mutating func lookElsewhere(
    _ family: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) {
    report.bytesRead += key.count + value.count
    guard hasNeedle(key) || hasNeedle(value) else { return }
    mention("family '\(family)'", "keys or values have it", "take it out of what they came from")
  }

  /// A block, chunk of kept events, or position.
  mutating func look(
    at key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) throws(StoreError) {
    report.bytesRead += key.count + value.count
    let number = key.count >= 4 ? key.bigEndian32(at: 0) : 0
    if KeptKey.chunkNumber(key) != nil {
      do throws(CodecError) { try lookAtEvents(number, value) } catch {
        throw .corrupt(what: "kept events with key \(SliceKey.hex(key))", error)
      }
    } else if number == 0 {
      guard hasNeedle(key) || hasNeedle(value) else { return }
      mention(
        "positions of sources", "names of files or producers have it",
        "none: a source that is read again has to be known by its name")
    } else if number < KeptKey.firstPrefix {
      lookAtBlock(key, value, number)
    }
  }

  private mutating func lookAtBlock(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ number: UInt32
  ) {
    guard let name = names[number] else {
      if hasNeedle(key) || hasNeedle(value) {
        mention("a view that was dropped", "blocks have it", "compact the store")
      }
      return
    }
    if let keyed = views[number], let parsed = ParsedSliceKey(key), keyed.matches(parsed.entity) {
      return report.add(.init(kind: "view", name: name, unit: "blocks", left: 1))
    }
    if hasNeedle(key) {
      mention(
        "view '\(name)'", "blocks have it in other fields of their keys, or within longer texts",
        "forget the entity of those fields, too")
    }
    if hasNeedle(value) {
      mention(
        "view '\(name)'", "blocks of others hold it in values",
        "drop the view and register it again, where its stream keeps its events: they do not have it"
      )
    }
  }

  private mutating func lookAtEvents(
    _ number: UInt32, _ value: UnsafeRawBufferPointer
  ) throws(CodecError) {
    guard let stream = logs[number] else { return }
    let isMentioned = hasNeedle(value)
    guard streams[number] != nil || isMentioned else { return }
    if batchLog != number || batch == nil { (batch, batchLog) = (EventBatch(stream), number) }
    batch!.removeAll()
    _ = try KeptChunkReader(stream).read(value, into: &batch!)
    let rows = streams[number]?.matcher.rows(of: batch!) ?? []
    if !rows.isEmpty {
      report.add(.init(kind: "kept events", name: stream.name, unit: "events", left: rows.count))
    }
    guard isMentioned else { return }
    let own = Set(rows)
    for (field, column) in zip(stream.fields, batch!.columns) where field.type == .string {
      let count = column.text.withUnsafeBytes { text in
        column.valid.indices.count { row in
          !own.contains(row)
            && hasNeedle(UnsafeRawBufferPointer(rebasing: text[column.textRange(row)]))
        }
      }
      if count > 0 {
        mention(
          "stream '\(stream.name)'", "kept events of others have it in field '\(field.name)'",
          "forget the entity of that field, too, where it is one", count)
      }
    }
  }
}

// The files as they are.
extension EntitySearch {
  /// Files are compressed, so that not finding the text here says little; what is found is told. Table files
  /// hold nothing but what was read above.
  mutating func lookThroughFiles(_ store: Store) {
    guard needle != nil else { return }
    for name in store.files({ !$0.hasSuffix(".sst") && $0 != "LOCK" }) where has(store.path + name)
    {
      let wayOut =
        name.hasPrefix("/MANIFEST")
        ? "open the store again: its list of files is written anew"
        : "flush the store, where it is of another entity that came since"
      mention("file \(name.dropFirst())", "files have its bytes", wayOut)
    }
  }

  private func has(_ path: String) -> Bool {
    guard let needle, let file = fopen(path, "rb") else { return false }
    defer { fclose(file) }
    var window = [UInt8](repeating: 0, count: 1 << 20)
    var kept = 0
    while true {
      let count = fread(&window[kept], 1, window.count - kept, file)
      if count == 0 { return false }
      let filled = kept + count
      let isThere = window.withUnsafeBytes {
        hasNeedle(UnsafeRawBufferPointer(rebasing: $0[..<filled]))
      }
      if isThere { return true }
      // The text may lie across two windows.
      kept = min(filled, needle.count - 1)
      window.withUnsafeMutableBytes { bytes in
        _ = memmove(bytes.baseAddress!, bytes.baseAddress! + filled - kept, kept)
      }
    }
  }
}
