// Opening, reopening, reading and writing, checkpoints, and what a database tells about itself.

import Foundation
import Rocks
import TestSupport
import Testing

@Suite struct DatabaseTests {
  @Test func `what was written is there after reopening`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: bytes("a"), value: bytes("1"), in: family)
      try database.put(key: bytes("b"), value: [], in: family)
      try database.put(key: [], value: bytes("empty key"), in: family)
      try database.put(key: bytes("a"), value: bytes("other"), in: database.defaultFamily)
      try database.delete(key: bytes("b"), in: family)
      try database.put(key: bytes("c"), value: [], in: family, sync: true)
      database.close()

      let reopened = try Database.open(
        database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
      let data = try reopened.family("data")
      #expect(try reopened.get(key: bytes("a"), in: data) == bytes("1"))
      #expect(try reopened.get(key: bytes("b"), in: data) == nil)
      #expect(try reopened.get(key: bytes("c"), in: data) == [])
      #expect(try reopened.get(key: [], in: data) == bytes("empty key"))
      #expect(try reopened.get(key: bytes("a"), in: reopened.defaultFamily) == bytes("other"))
      #expect(reopened.familyNames == ["data", "default"])
      #expect(data.name == "data")
      #expect(data.id != reopened.defaultFamily.id)
    }
  }

  @Test func `a read-only database reads beside a writer and refuses writes`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: bytes("a"), value: bytes("1"), in: family)
      let reader = try Database.open(
        database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .readOnly)
      let data = try reader.family("data")
      #expect(try reader.get(key: bytes("a"), in: data) == bytes("1"))
      try database.put(key: bytes("a"), value: bytes("2"), in: family)
      #expect(try reader.get(key: bytes("a"), in: data) == bytes("1"))
      let error = #expect(throws: RocksError.self) {
        try reader.put(key: bytes("b"), value: bytes("1"), in: data)
      }
      #expect(error?.code == .notSupported)
    }
  }

  @Test func `a checkpoint is a database of its own, with the state of its moment`() throws {
    try withDatabase { database, family, directory in
      try database.put(key: bytes("a"), value: bytes("before"), in: family)
      let path = directory + "/checkpoint"
      try database.createCheckpoint(at: path)
      try database.put(key: bytes("a"), value: bytes("after"), in: family)
      let error = #expect(throws: RocksError.self) { try database.createCheckpoint(at: path) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.operation.contains(path) == true)

      let copy = try Database.open(
        path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
      let data = try copy.family("data")
      #expect(try copy.get(key: bytes("a"), in: data) == bytes("before"))
      try copy.put(key: bytes("a"), value: bytes("elsewhere"), in: data)
      #expect(try database.get(key: bytes("a"), in: family) == bytes("after"))
    }
  }

  @Test func `a batch applies all its changes in order, across families`() throws {
    try withDatabase { database, family, _ in
      for name in ["a", "b", "c", "d"] {
        try database.put(key: bytes(name), value: bytes("old"), in: family)
      }
      var batch = WriteBatch()
      let isEmptyAtFirst = batch.isEmpty
      #expect(isEmptyAtFirst)
      batch.deleteRange(from: bytes("a"), to: bytes("c"), in: family)
      batch.put(key: bytes("b"), value: bytes("new"), in: family)
      batch.delete(key: bytes("d"), in: family)
      batch.put(key: bytes("position"), value: bytes("7"), in: database.defaultFamily)
      let (count, byteCount) = (batch.count, batch.byteCount)
      #expect(count == 4)
      #expect(byteCount > 20)
      let before = database.latestSequenceNumber
      #expect(try contents(database.cursor(in: family)).count == 4)
      try database.write(batch, sync: true)
      #expect(database.latestSequenceNumber == before + 4)
      #expect(try contents(database.cursor(in: family)) == ["b": "new", "c": "old"])
      #expect(
        try database.get(key: bytes("position"), in: database.defaultFamily) == bytes("7"))
      batch.clear()
      let isEmptyAgain = batch.isEmpty
      #expect(isEmptyAgain)
      try database.write(batch)
      #expect(database.latestSequenceNumber == before + 4)
    }
  }

  @Test func `a write without a log lives in memory until a flush or the close`() throws {
    try withTemporaryDirectory { directory in
      let families = ["flushed", "pending"].map { ColumnFamilyOptions($0) }
      let database = try Database.open(directory, columnFamilies: families, mode: .create)
      let flushed = try database.family("flushed")
      let pending = try database.family("pending")
      var batch = WriteBatch()
      batch.put(key: key(1), value: key(1), in: flushed)
      batch.put(key: key(1), value: key(1), in: pending)
      try database.write(batch, disableWAL: true)
      try database.flush([flushed])
      try database.flushWAL(sync: true)
      // A reader of the files sees what a process that was killed now would leave behind.
      let reader = try Database.open(directory, columnFamilies: families, mode: .readOnly)
      #expect(try reader.get(key: key(1), in: reader.family("flushed")) == key(1))
      #expect(try reader.get(key: key(1), in: reader.family("pending")) == nil)
      let error = #expect(throws: RocksError.self) {
        try database.write(batch, sync: true, disableWAL: true)
      }
      #expect(error?.code == .invalidArgument)
      database.close()
      let reopened = try Database.open(directory, columnFamilies: families, mode: .existing)
      #expect(try reopened.get(key: key(1), in: reopened.family("pending")) == key(1))
    }
  }

  @Test func `closing twice does nothing, and lets go of the lock at once`() throws {
    try withDatabase { database, _, _ in
      for _ in 0..<3 {
        database.close()
        database.close()
        let again = try Database.open(
          database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
        again.close()
      }
    }
  }

  @Test func `threads may read and write one database at the same time`() throws {
    try withDatabase { database, family, _ in
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        for number in 0..<500 {
          let name = key(thread * 1000 + number)
          try? database.put(key: name, value: name, in: family)
          if (try? database.get(key: name, in: family)) != name { Issue.record("\(name) is lost") }
        }
      }
      var cursor = database.cursor(in: family)
      cursor.seekToFirst()
      var count = 0
      while cursor.isValid {
        let isIntact = cursor.key.elementsEqual(cursor.value)
        #expect(isIntact)
        count += 1
        cursor.next()
      }
      #expect(count == 2000)
    }
  }
}
