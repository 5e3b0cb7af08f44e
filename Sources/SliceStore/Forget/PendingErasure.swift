// What was erased while the table files that had it were not rewritten yet: a record in `meta` that names
// views and logs by their numbers, and nothing of the entity. It goes when the files have.
import FeatureModel
import Rocks

/// Views and logs whose files may hold what is erased.
struct PendingErasure {
  static let key = "erasing"

  var views: Set<UInt32> = []
  /// Under the numbers that their keys begin with.
  var logs: Set<UInt32> = []

  var numbers: [UInt32] { views.union(logs).sorted() }

  var record: String {
    "[" + numbers.map(String.init).joined(separator: ",") + "]"
  }

  init() {}

  init?(record: String) {
    guard case .array(let numbers) = (try? JSONValue.parse(record))?.content else { return nil }
    for number in numbers {
      guard case .int(let value) = number.content, let number = UInt32(exactly: value) else {
        return nil
      }
      if number < KeptKey.firstPrefix { views.insert(number) } else { logs.insert(number) }
    }
  }
}

extension Store {
  /// What an earlier call left to be done.
  func pendingErasure() throws(StoreError) -> PendingErasure {
    let record = try StoreError.wrap { () throws(RocksError) in
      try database.get(key: Array(PendingErasure.key.utf8), in: meta)
    }
    guard let record else { return PendingErasure() }
    guard let pending = PendingErasure(record: String(decoding: record, as: UTF8.self)) else {
      throw .damagedMetadata(key: PendingErasure.key, reason: "it is no list of numbers")
    }
    return pending
  }

  func removePendingErasure() throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in
      try database.delete(key: Array(PendingErasure.key.utf8), in: meta, sync: true)
    }
  }
}
