// The compaction filter: what it removes and replaces, and what it is never asked about.

import Rocks
import TestSupport
import Testing

@Suite struct CompactionFilterTests {
  private func family(_ gardener: Gardener = Gardener()) -> ColumnFamilyOptions {
    var family = ColumnFamilyOptions("data")
    family.compactionFilter = gardener
    family.mergeOperator = Joining()
    family.disablesAutomaticCompactions = true
    return family
  }

  @Test func `values are kept, removed and replaced as the filter says`() throws {
    try withDatabase(family()) { database, data, _ in
      let long = "grow" + String(repeating: "x", count: 5000)
      let before = ["a": "keep", "b": "drop", "c": "grow", "d": long, "e": "grow2", "f": "clear"]
      for (name, value) in before {
        try database.put(key: bytes(name), value: bytes(value), in: data)
      }
      try database.flush([data])
      #expect(try contents(database.cursor(in: data)) == before)
      database.compactRange(in: data, bottommost: .force)
      #expect(
        try contents(database.cursor(in: data)) == [
          "a": "keep", "c": "grown:grow", "d": "grown:" + long, "e": "grown:grow2", "f": "",
        ])
    }
  }

  @Test func `merge operands pass by until a compaction has made them a value`() throws {
    let gardener = Gardener()
    try withDatabase(family(gardener)) { database, data, _ in
      try database.merge(key: bytes("a"), value: bytes("drop"), in: data)
      try database.flush([data])
      try database.merge(key: bytes("a"), value: bytes("more"), in: data)
      try database.flush([data])
      database.compactRange(in: data, bottommost: .force)
      #expect(gardener.calls.load(ordering: .relaxed) == 0)
      #expect(try database.get(key: bytes("a"), in: data) == bytes("drop,more"))
      database.compactRange(in: data, bottommost: .force)
      #expect(gardener.calls.load(ordering: .relaxed) == 1)
      #expect(try database.get(key: bytes("a"), in: data) == nil)
    }
  }

  @Test func `what the filter removes is gone from snapshots too`() throws {
    try withDatabase(family()) { database, data, _ in
      try database.put(key: bytes("a"), value: bytes("drop"), in: data)
      let options = ReadOptions(snapshot: database.snapshot())
      try database.flush([data])
      database.compactRange(in: data, bottommost: .force)
      #expect(try database.get(key: bytes("a"), in: data, options: options) == nil)
    }
  }

  @Test func `the filter is released with its database`() throws {
    weak var watched: Gardener?
    try withTemporaryDirectory { directory in
      let gardener = Gardener()
      watched = gardener
      let database = try Database.open(
        directory, columnFamilies: [family(gardener)], mode: .create)
      let data = try database.family("data")
      try database.put(key: bytes("a"), value: bytes("drop"), in: data)
      try database.flush([data])
      database.compactRange(in: data, bottommost: .force)
      #expect(gardener.calls.load(ordering: .relaxed) == 1)
      database.close()
    }
    #expect(watched == nil)
  }
}
