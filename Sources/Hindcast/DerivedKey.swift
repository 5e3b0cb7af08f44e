// Keys that a spine does not bring and that a view derives from what it does bring: computed for its rows by
// the very steps that compute them for events, so that nobody writes the expression a second time.
import AsOfJoin
import Dispatch
import FeatureModel

/// Which columns a spine has.
enum SpineNames: Equatable {
  /// All that are asked for.
  case asked
  case named(Set<String>)
  /// Each row says which: JSON objects.
  case perRow

  init(_ names: [String]) { self = .named(Set(names)) }

  /// Whether a key need not be computed.
  func has(_ name: String) -> Bool {
    switch self {
    case .asked: true
    case .named(let names): names.contains(name)
    case .perRow: false
    }
  }

  func mayHave(_ name: String) -> Bool { self == .perRow || has(name) }
}

/// One key column of a plan that is computed.
struct DerivedKey: Sendable {
  /// Among the plan's fields.
  let place: Int
  /// The view that declares it.
  let view: String
  let derivation: FieldDerivation
  /// The derivation's inputs, among the plan's fields.
  let inputs: [Int]
  /// Whether a row may bring a value itself, which counts then.
  let mayBeThere: Bool
}

/// Computes the derived keys of a plan; keeps its memory from batch to batch, so one per thread.
final class KeyDeriver {
  private let keys: [(key: DerivedKey, program: FieldProgram)]

  init(_ plan: JoinPlan) {
    keys = plan.derivedKeys.map { ($0, $0.derivation.compiled()) }
  }

  /// Fills the columns of the derived keys; what rows brought of these themselves stays.
  /// - Parameter columns: of the plan's fields.
  func fill(_ columns: inout [EventColumn], rows: Int) {
    for (key, program) in keys {
      let computed = program.run(key.inputs.map { columns[$0] }, rows: rows)
      columns[key.place] =
        key.mayBeThere ? Self.filled(columns[key.place], from: computed) : computed
    }
  }

  private static func filled(_ own: EventColumn, from computed: EventColumn) -> EventColumn {
    var filled = EventColumn(type: own.type)
    for row in own.valid.indices {
      filled.append(own.valid[row] != 0 ? own : computed, rows: row..<row + 1)
    }
    return filled
  }
}

extension JoinPlan {
  /// The spine's columns with the derived keys behind them, in pieces of its batches, on all cores.
  /// - Parameter places: for each field that is read, the spine's column.
  func deriving(
    _ batches: [SpineBatch], at places: [Int]
  ) throws(HindcastError) -> [SpineBatch] {
    let pieces = batches.flatMap { batch in
      stride(from: 0, to: max(batch.count, 1), by: Self.rowsTogether).map { start in
        batch.rows(start..<min(batch.count, start + Self.rowsTogether))
      }
    }
    let inputs = Set(derivedKeys.flatMap(\.inputs))
    if let piece = pieces.first,
      let field = inputs.sorted().first(where: {
        piece.columns[places[$0]].events(0) == nil
      })
    {
      throw .refused(
        "column '\(fields[field].name)' holds texts in place of \(fields[field].type.rawValue), and a key is derived "
          + "from it: cast it before the join")
    }
    var derived = pieces
    derived.withUnsafeMutableBufferPointer { derived in
      let shared = PieceShare(pieces: derived)
      DispatchQueue.concurrentPerform(iterations: derived.count) { index in
        shared.pieces[index] = deriving(shared.pieces[index], inputs, at: places)
      }
    }
    return derived
  }

  private static let rowsTogether = 1 << 16

  private func deriving(
    _ piece: SpineBatch, _ inputs: Set<Int>, at places: [Int]
  ) -> SpineBatch {
    var columns = fields.map { EventColumn(type: $0.type) }
    for field in inputs {
      columns[field] = piece.columns[places[field]].events(piece.count)!
    }
    KeyDeriver(self).fill(&columns, rows: piece.count)
    let keys = SpineBatch(
      EventBatch(columns: derivedKeys.map { columns[$0.place] }),
      names: derivedKeys.map { fields[$0.place].name })
    return SpineBatch(columns: piece.columns + keys.columns, count: piece.count)
  }
}

/// Pieces of several threads, each of which writes to its own.
private struct PieceShare: @unchecked Sendable {
  let pieces: UnsafeMutableBufferPointer<SpineBatch>
}
