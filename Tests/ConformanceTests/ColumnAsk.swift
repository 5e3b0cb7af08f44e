// Questions as rows of a spine: columns of the key fields' own types, in two batches.
import FeatureModel
import Hindcast

enum ColumnAsk {
  /// - Parameter knowledge: what each question knows, for the column `known`.
  static func spine(
    _ group: [Vector.Question], _ vector: Vector, _ knowledge: (Vector.Question) -> Timestamp
  ) -> [SpineBatch] {
    let fields = vector.views.first { $0.name == group[0].view }?.entity ?? []
    let types = vector.keyTypes(group[0].view) ?? []
    let columns = types + [.timestamp, .timestamp]
    return [group[..<(group.count / 2)], group[(group.count / 2)...]].map { part in
      var batch = EventBatch(columns: columns.map { EventColumn(type: $0) })
      for question in part {
        let key = zip(question.entity, types).map { part, type in
          part.map { value($0, type) } ?? .null
        }
        batch.append(key + [.timestamp(question.at), .timestamp(knowledge(question))])
      }
      return SpineBatch(batch, names: fields + ["at", "known"])
    }
  }

  private static func value(_ text: String, _ type: FieldType) -> Value {
    switch type {
    case .string, .double: .string(text)
    case .int: .int(Int64(text)!)
    case .bool: .bool(text == "true")
    case .timestamp: .timestamp(Timestamp(milliseconds: Int64(text)!)!)
    }
  }
}

extension Vector {
  /// The types of a view's key fields, computed ones among them; nil for an unknown view.
  func keyTypes(_ view: String) -> [FieldType]? {
    views.first { $0.name == view }.map { view in
      let scope = view.scope(of: stream)
      return view.entity.map { scope.fields[scope.index(of: $0)!].type }
    }
  }

  /// A spine has typed cells: `8x` for a shop's number can be asked for, but not joined.
  func canBeJoined(_ question: Question) -> Bool {
    guard let types = keyTypes(question.view) else { return true }
    return zip(question.entity, types).allSatisfy { part, type in
      guard let part else { return true }
      switch type {
      case .string: return true
      case .int: return Int64(part).map(String.init) == part
      case .bool: return part == "true" || part == "false"
      case .timestamp:
        return Int64(part).flatMap { Timestamp(milliseconds: $0) } != nil
      case .double: return false
      }
    }
  }
}
