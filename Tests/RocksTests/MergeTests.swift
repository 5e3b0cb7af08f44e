// The merge operator, from every thread and path that calls it: reads, batched reads, cursors,
// flushes and compactions.

import Rocks
import TestSupport
import Testing

@Suite struct MergeTests {
  private func family(_ joining: Joining = Joining()) -> ColumnFamilyOptions {
    var family = ColumnFamilyOptions("data")
    family.mergeOperator = joining
    family.disablesAutomaticCompactions = true
    return family
  }

  @Test func `operands apply in order, with and without a value`() throws {
    try withDatabase(family()) { database, data, _ in
      try database.merge(key: bytes("none"), value: bytes("1"), in: data)
      try database.merge(key: bytes("none"), value: bytes("2"), in: data)
      try database.put(key: bytes("some"), value: bytes("v"), in: data)
      try database.merge(key: bytes("some"), value: bytes("1"), in: data)
      try database.put(key: bytes("empty"), value: [], in: data)
      try database.merge(key: bytes("empty"), value: bytes("1"), in: data)
      try database.put(key: bytes("gone"), value: bytes("v"), in: data)
      try database.delete(key: bytes("gone"), in: data)
      try database.merge(key: bytes("gone"), value: [], in: data)
      let expected = ["none": "1,2", "some": "[v],1", "empty": "[],1", "gone": ""]
      for _ in 0..<2 {
        #expect(try contents(database.cursor(in: data)) == expected)
        try database.flush([data])
        database.compactRange(in: data, bottommost: .force)
      }
    }
  }

  @Test func `a pinned read and a batched read both merge`() throws {
    try withDatabase(family()) { database, data, _ in
      try database.put(key: key(1), value: bytes("v"), in: data)
      try database.flush([data])
      try database.merge(key: key(1), value: bytes("whole"), in: data)
      try database.flush([data])
      try database.merge(key: key(1), value: bytes("2"), in: data)
      try database.merge(key: key(2), value: bytes("alone"), in: data)
      let expected = ["[v],whole,2", "alone", nil]
      for _ in 0..<2 {
        let pinned = try pinnedValue(of: key(1), database, data)?.copy()
        #expect(pinned == bytes("[v],whole,2"))
        let many = try database.multiGet(
          keys: [key(1), key(2), key(3)], in: data, isSorted: true)
        #expect(many.map { $0.map { text($0) } } == expected)
        try database.flush([data])
      }
    }
  }

  @Test func `flush and compaction merge on threads of RocksDB`() throws {
    let joining = Joining()
    try withDatabase(family(joining)) { database, data, _ in
      for round in 0..<4 {
        for number in 0..<200 {
          try database.merge(key: key(number), value: bytes("\(round)a"), in: data)
          try database.merge(key: key(number), value: bytes("\(round)b"), in: data)
        }
        try database.flush([data])
      }
      #expect(joining.partialMerges.load(ordering: .relaxed) >= 200)
      let before = joining.fullMerges.load(ordering: .relaxed)
      database.compactRange(in: data, bottommost: .force)
      #expect(joining.fullMerges.load(ordering: .relaxed) >= before + 200)
      let merged = joining.fullMerges.load(ordering: .relaxed)
      #expect(try database.get(key: key(7), in: data) == bytes("0a,0b,1a,1b,2a,2b,3a,3b"))
      #expect(joining.fullMerges.load(ordering: .relaxed) == merged)
    }
  }

  @Test func `a refused merge is corruption on every read, and other keys are untouched`() throws {
    try withDatabase(family()) { database, data, _ in
      try database.put(key: key(1), value: bytes("v"), in: data)
      try database.merge(key: key(1), value: bytes("bad"), in: data)
      try database.put(key: key(2), value: bytes("fine"), in: data)
      let single = #expect(throws: RocksError.self) { try database.get(key: key(1), in: data) }
      #expect(single?.code == .corruption)
      let many = #expect(throws: RocksError.self) {
        try database.multiGet(keys: [key(1), key(2)], in: data)
      }
      #expect(many?.code == .corruption)
      let scan = #expect(throws: RocksError.self) { try contents(database.cursor(in: data)) }
      #expect(scan?.code == .corruption)
      #expect(try database.get(key: key(2), in: data) == bytes("fine"))
    }
  }

  @Test func `a merge without an operator fails on reading`() throws {
    try withDatabase { database, data, _ in
      let error = #expect(throws: RocksError.self) {
        try database.merge(key: key(1), value: bytes("1"), in: data)
        _ = try database.get(key: key(1), in: data)
      }
      #expect(error != nil)
    }
  }

  @Test func `the operator is released with its database`() throws {
    weak var watched: Joining?
    try withTemporaryDirectory { directory in
      let joining = Joining()
      watched = joining
      let database = try Database.open(
        directory, columnFamilies: [family(joining)], mode: .create)
      try database.merge(key: key(1), value: bytes("1"), in: database.family("data"))
      database.close()
    }
    #expect(watched == nil)
  }
}
