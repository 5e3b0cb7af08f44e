// Point reads, many reads at once, cursors, bounds and snapshots.

import Rocks
import Testing

@Suite struct ReadTests {
  @Test func `a pinned value stays as it was while the key changes`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: key(1), value: bytes("first"), in: family)
      try database.flush([family])
      guard let pinned = try pinnedValue(of: key(1), database, family) else {
        Issue.record("the value is not there")
        return
      }
      try database.put(key: key(1), value: bytes("second"), in: family)
      try database.flush([family])
      database.compactRange(in: family, bottommost: .force)
      let (borrowed, copied, count) = (pinned.withBytes { text($0) }, pinned.copy(), pinned.count)
      #expect(borrowed == "first")
      #expect(copied == bytes("first"))
      #expect(count == 5)
      #expect(try database.get(key: key(1), in: family) == bytes("second"))
    }
  }

  @Test func `a missing key has no value in any form of reading`() throws {
    try withDatabase { database, family, _ in
      let options = ReadOptions()
      #expect(try database.get(key: key(1), in: family) == nil)
      if try pinnedValue(of: key(1), database, family) != nil { Issue.record("it has a value") }
      let seen = try key(1).withUnsafeBytes { key in
        try database.withValue(key: key, in: family, options: options) { $0 == nil }
      }
      #expect(seen)
      #expect(try database.multiGet(keys: [key(1)], in: family) == [nil])
    }
  }

  @Test func `a borrowed value is the stored one, in memory and in a file`() throws {
    try withDatabase { database, family, _ in
      let options = ReadOptions()
      try database.put(key: key(1), value: bytes("v"), in: family)
      for _ in 0..<2 {
        let value = try key(1).withUnsafeBytes { key in
          try database.withValue(key: key, in: family, options: options) { $0.map { text($0) } }
        }
        #expect(value == "v")
        try database.flush([family])
      }
    }
  }

  @Test(arguments: [true, false], [0, 1, 7, 1000])
  func `many keys are read in the order they were asked for`(isSorted: Bool, count: Int) throws {
    try withDatabase { database, family, _ in
      for number in 0..<count where number % 3 != 0 {
        try database.put(key: key(number), value: bytes("\(number)"), in: family)
        if number == count / 2 { try database.flush([family]) }
      }
      var order = Array(0..<count)
      if !isSorted { order.reverse() }
      let found = try database.multiGet(
        keys: order.map { key($0) }, in: family, isSorted: isSorted)
      #expect(found == order.map { $0 % 3 == 0 ? nil : bytes("\($0)") })
    }
  }

  @Test func `a cursor walks and seeks both ways`() throws {
    try withDatabase { database, family, _ in
      for name in ["b", "d", "f"] { try database.put(key: bytes(name), value: [], in: family) }
      var cursor = database.cursor(in: family)
      #expect(position(cursor) == nil)
      let seeks: [(String, forward: String?, backward: String?)] = [
        ("a", "b", nil), ("b", "b", "b"), ("c", "d", "b"), ("f", "f", "f"), ("g", nil, "f"),
      ]
      for (target, forward, backward) in seeks {
        cursor.seek(to: bytes(target))
        #expect(position(cursor) == forward)
        cursor.seekForPrevious(to: bytes(target))
        #expect(position(cursor) == backward)
      }
      cursor.seekToLast()
      #expect(position(cursor) == "f")
      cursor.previous()
      #expect(position(cursor) == "d")
      cursor.next()
      cursor.next()
      #expect(position(cursor) == nil)
      try cursor.check()
    }
  }

  @Test(arguments: [
    (nil, nil, 0..<100), (10, nil, 10..<100), (nil, 20, 0..<20), (10, 20, 10..<20),
    (200, 300, 0..<0),
  ])
  func `a cursor keeps to its bounds`(lower: Int?, upper: Int?, expected: Range<Int>) throws {
    try withDatabase { database, family, _ in
      for number in 0..<100 {
        try database.put(key: key(number), value: key(number), in: family)
        if number == 50 { try database.flush([family]) }
      }
      var cursor = boundedCursor(database, family, lower, upper)
      overwriteFreedMemory()
      var seen: [[UInt8]] = []
      cursor.seekToFirst()
      while cursor.isValid {
        seen.append([UInt8](cursor.key))
        cursor.next()
      }
      #expect(seen == expected.map { key($0) })
      cursor.seekToLast()
      let last = cursor.isValid ? [UInt8](cursor.key) : nil
      #expect(last == expected.last.map { key($0) })
    }
  }

  @Test func `an empty upper bound shows nothing`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: [], value: bytes("v"), in: family)
      let all = try contents(database.cursor(in: family, options: ReadOptions(lowerBound: [])))
      #expect(all == ["": "v"])
      let none = try contents(database.cursor(in: family, options: ReadOptions(upperBound: [])))
      #expect(none.isEmpty)
    }
  }

  @Test func `a snapshot shows no later write, by get, multi-get or cursor`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: bytes("a"), value: bytes("old"), in: family)
      let options = ReadOptions(snapshot: database.snapshot())
      try database.put(key: bytes("a"), value: bytes("new"), in: family)
      try database.put(key: bytes("b"), value: bytes("new"), in: family)
      try database.flush([family])
      database.compactRange(in: family, bottommost: .force)
      #expect(try database.get(key: bytes("a"), in: family, options: options) == bytes("old"))
      #expect(try database.get(key: bytes("b"), in: family, options: options) == nil)
      let names = [bytes("a"), bytes("b")]
      var seen: [Int: String] = [:]
      try names[0].withUnsafeBytes { first in
        try names[1].withUnsafeBytes { second in
          try [first, second].withUnsafeBufferPointer { keys in
            try database.multiGet(keys: keys, in: family, options: options) { seen[$0] = text($1) }
          }
        }
      }
      #expect(seen == [0: "old"])
      #expect(try contents(database.cursor(in: family, options: options)) == ["a": "old"])
      #expect(try contents(database.cursor(in: family)) == ["a": "new", "b": "new"])
    }
  }

  @Test func `a cursor keeps its snapshot and its database alive`() throws {
    try withDatabase { database, _, _ in
      database.close()
      var cursor = try orphanedCursor(database.path)
      cursor.seekToFirst()
      let value = text(cursor.value)
      #expect(value == "old")
    }
  }

  @Test func `closing under an open cursor stops the program with a reason`() async {
    await #expect(processExitsWith: .failure) {
      try withDatabase { database, family, _ in
        var cursor = database.cursor(in: family)
        database.close()
        cursor.seekToFirst()
      }
    }
  }

  @Test func `using a closed database stops the program`() async {
    await #expect(processExitsWith: .failure) {
      try withDatabase { database, family, _ in
        database.close()
        _ = try database.get(key: key(1), in: family)
      }
    }
  }
}

/// A cursor whose bounds were made here, so that their arrays are gone when it is used.
private func boundedCursor(
  _ database: Database, _ family: ColumnFamily, _ lower: Int?, _ upper: Int?
) -> Cursor {
  let options = ReadOptions(
    lowerBound: lower.map { key($0) }, upperBound: upper.map { key($0) }, readaheadBytes: 1 << 16,
    pinData: true)
  return database.cursor(in: family, options: options)
}

/// Allocates and fills blocks of the sizes that were just freed, so that a kept pointer would show.
private func overwriteFreedMemory() {
  var junk: [[UInt8]] = []
  for size in 1...64 { junk.append([UInt8](repeating: 0xFF, count: size)) }
  #expect(junk.count == 64)
}

/// A cursor through a snapshot, whose database nobody else refers to.
private func orphanedCursor(_ path: String) throws -> Cursor {
  let database = try Database.open(
    path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
  let family = try database.family("data")
  try database.put(key: key(1), value: bytes("old"), in: family)
  let snapshot = database.snapshot()
  try database.put(key: key(1), value: bytes("new"), in: family)
  return database.cursor(in: family, options: ReadOptions(snapshot: snapshot))
}
