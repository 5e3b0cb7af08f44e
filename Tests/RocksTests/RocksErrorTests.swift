// Error codes: the table from RocksDB's texts, and the errors that real situations give.

import Foundation
import Rocks
import TestSupport
import Testing

@Suite struct RocksErrorTests {
  @Test(
    "a code follows from RocksDB's text",
    arguments: [
      ("NotFound: ", RocksError.Code.notFound),
      ("Corruption: block checksum mismatch: stored = 1, computed = 2", .corruption),
      ("Not implemented: Not supported operation in read only mode.", .notSupported),
      ("Invalid argument: Column family not found: x", .invalidArgument),
      ("Invalid argument: /a: does not exist (create_if_missing is false)", .databaseMissing),
      ("IO error: No space left on device: While appending to file", .ioError),
      ("IO error: While lock file: /a/LOCK: Resource temporarily unavailable", .locked),
      ("IO error: lock hold by current process, acquire time 1: /a/LOCK: No locks", .locked),
      (
        "IO error: No such file or directory: While opening a file: /a/CURRENT: No",
        .databaseMissing
      ),
      ("IO error: No such file or directory: While opening a file: /a/000009.sst", .ioError),
      ("Merge in progress: ", .mergeInProgress),
      ("Result incomplete: Write stall", .incomplete),
      ("Shutdown in progress: ", .shutdownInProgress),
      ("Operation timed out: ", .timedOut),
      ("Operation aborted: ", .aborted),
      ("Resource busy: ", .busy),
      ("Operation expired: ", .expired),
      ("Operation failed. Try again.: ", .tryAgain),
      ("Compaction too large: ", .compactionTooLarge),
      ("Column family dropped: ", .columnFamilyDropped),
      ("Unknown code(77): ", .unknown),
      ("", .unknown),
    ])
  func code(message: String, code: RocksError.Code) {
    let error = RocksError(message: message, operation: "try")
    #expect(error.code == code)
    #expect(error.message == message)
    #expect(error.description == "try: \(message)")
  }

  @Test(
    "opening a missing database says so and makes nothing",
    arguments: [Database.Mode.existing, .readOnly])
  func openMissing(mode: Database.Mode) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/absent"
      let error = #expect(throws: RocksError.self) {
        try Database.open(path, columnFamilies: [], mode: mode)
      }
      #expect(error?.code == .databaseMissing)
      #expect(error?.operation == "open \(path)")
      #expect(!FileManager.default.fileExists(atPath: path + "/CURRENT"))
    }
  }

  @Test func `a second writer is told that the database is locked`() throws {
    try withDatabase { database, _, _ in
      let error = #expect(throws: RocksError.self) {
        try Database.open(
          database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
      }
      #expect(error?.code == .locked)
    }
  }

  @Test func `families that do not match are refused when opening`() throws {
    try withDatabase { database, _, _ in
      database.close()
      let unnamed = #expect(throws: RocksError.self) {
        try Database.open(database.path, columnFamilies: [], mode: .existing)
      }
      #expect(unnamed?.code == .invalidArgument)
      let extra = ["data", "more"].map { ColumnFamilyOptions($0) }
      #expect(throws: RocksError.self) {
        try Database.open(database.path, columnFamilies: extra, mode: .existing)
      }
      let twice = #expect(throws: RocksError.self) {
        try Database.open(
          database.path, columnFamilies: [extra[0], extra[0]], mode: .existing)
      }
      #expect(twice?.code == .invalidArgument)
      let stored = try Database.families(at: database.path)
      #expect(stored.sorted() == ["data", "default"])
    }
  }

  @Test func `an unknown option is refused when opening`() throws {
    try withTemporaryDirectory { directory in
      var family = ColumnFamilyOptions("data")
      family.extra = ["no_such_option": "1"]
      let error = #expect(throws: RocksError.self) {
        try Database.open(directory, columnFamilies: [family], mode: .create)
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("no_such_option") == true)
    }
  }

  @Test func `a family that was not opened is not found`() throws {
    try withDatabase { database, _, _ in
      let error = #expect(throws: RocksError.self) { try database.family("absent") }
      #expect(error?.code == .notFound)
    }
  }

  @Test func `flipped bytes in a table file are reported as corruption by every read`() throws {
    try withDatabase { database, family, _ in
      for number in 0..<2000 {
        try database.put(key: key(number), value: bytes("value \(number)"), in: family)
      }
      try database.flush([family])
      let file = try #require(database.liveFiles().first)
      database.close()
      try flipBytes(of: database.path + file.name, at: 100..<140)

      let reopened = try Database.open(
        database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
      let data = try reopened.family("data")
      let point = #expect(throws: RocksError.self) { try reopened.get(key: key(0), in: data) }
      #expect(point?.code == .corruption)
      let many = #expect(throws: RocksError.self) {
        try reopened.multiGet(keys: [key(0), key(1), key(1999)], in: data)
      }
      #expect(many?.code == .corruption)
      let scan = #expect(throws: RocksError.self) { try contents(reopened.cursor(in: data)) }
      #expect(scan?.code == .corruption)
    }
  }

  @Test func `a read from memory only is incomplete when the value is in a file`() throws {
    try withDatabase { database, family, _ in
      try database.put(key: key(1), value: bytes("v"), in: family)
      let inMemory = ReadOptions(cacheOnly: true)
      #expect(try database.get(key: key(1), in: family, options: inMemory) == bytes("v"))
      try database.flush([family])
      database.close()
      let reopened = try Database.open(
        database.path, columnFamilies: [ColumnFamilyOptions("data")], mode: .existing)
      let data = try reopened.family("data")
      let error = #expect(throws: RocksError.self) {
        try reopened.get(key: key(1), in: data, options: ReadOptions(cacheOnly: true))
      }
      #expect(error?.code == .incomplete)
    }
  }
}

/// Inverts the bytes of a file at `range`.
private func flipBytes(of path: String, at range: Range<Int>) throws {
  var content = try Data(contentsOf: URL(fileURLWithPath: path))
  for index in range { content[index] ^= 0xFF }
  try content.write(to: URL(fileURLWithPath: path))
}
