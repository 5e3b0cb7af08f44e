// Which events are an entity's: those that have its values in the fields of that name, declared ones, or those
// that a view computes. Two views may compute different things under one name; an event is the entity's where
// any of them finds so.
import FeatureModel

struct RowMatcher {
  /// Fields and values in the columns of a batch, as it is or as a view extends it.
  private struct Way {
    let derivation: RowDerivation?
    let wanted: [(column: Int, text: [UInt8], word: UInt64)]
  }

  private let ways: [Way]

  /// Nil where neither the stream nor any of its views has all of the fields, with such values.
  init?(_ parts: [EntityPart], _ stream: StreamDeclaration, _ views: [ViewDeclaration]) {
    if let wanted = Self.wanted(parts, stream) {
      ways = [Way(derivation: nil, wanted: wanted)]
      return
    }
    // What a view joins to an event is none of the event's own fields: it stands in the other stream.
    ways = views.filter { $0.join == nil }.compactMap { view in
      Self.wanted(parts, view.scope(of: stream)).map {
        Way(derivation: RowDerivation(view, of: stream), wanted: $0)
      }
    }
    if ways.isEmpty { return nil }
  }

  private static func wanted(
    _ parts: [EntityPart], _ scope: StreamDeclaration
  ) -> [(column: Int, text: [UInt8], word: UInt64)]? {
    var wanted: [(column: Int, text: [UInt8], word: UInt64)] = []
    for part in parts {
      guard let column = scope.index(of: part.field),
        let value = part.value(as: scope.fields[column].type)
      else { return nil }
      wanted.append((column, value.text, value.word))
    }
    return wanted
  }

  /// The entity's rows of a batch, in ascending order.
  func rows(of batch: EventBatch) -> [Int] {
    var found: [Int] = []
    for way in ways {
      let pieces = way.derivation?.pieces(of: batch) ?? [0..<batch.count]
      let rows = pieces.flatMap { piece in
        let part = pieces.count == 1 ? batch : batch.part(piece)
        let extended = way.derivation?.extend(part) ?? part
        return extended.withColumns { columns in
          (0..<columns.count).filter { row in
            way.wanted.allSatisfy { Self.has(columns[$0.column], row, $0.text, $0.word) }
          }.map { $0 + piece.lowerBound }
        }
      }
      found = found.isEmpty ? rows : Set(found).union(rows).sorted()
    }
    return found
  }

  private static func has(
    _ column: EventColumnView, _ row: Int, _ text: [UInt8], _ word: UInt64
  ) -> Bool {
    guard column.valid[row] != 0 else { return false }
    guard column.type == .string else { return column.words[row] == word }
    return column.utf8(row).elementsEqual(text)
  }
}
