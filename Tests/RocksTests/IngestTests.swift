// Table files written outside and taken in: several at once, overlapping ones, merges and
// deletions.

import Foundation
import Rocks
import Testing

@Suite struct IngestTests {
  private let family: ColumnFamilyOptions = {
    var family = ColumnFamilyOptions("data")
    family.mergeOperator = Joining()
    family.bottommostCompression = .zstd
    family.bloomBitsPerKey = 10
    return family
  }()

  private func write(
    _ path: String, _ fill: (inout SSTWriter) throws -> Void
  ) throws -> String {
    var writer = try SSTWriter(path: path, family: family)
    try fill(&writer)
    let size = try writer.finish()
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.size] as? NSNumber)?.uint64Value == size)
    return path
  }

  @Test(arguments: [true, false])
  func `several files are taken in at once, puts and merges alike`(move: Bool) throws {
    try withDatabase(family) { database, data, directory in
      try database.put(key: bytes("c"), value: bytes("v"), in: data)
      try database.put(key: bytes("d"), value: bytes("v"), in: data)
      try database.put(key: bytes("y"), value: bytes("v"), in: data)
      let first = try write(directory + "/1.sst") {
        try $0.put(key: bytes("a"), value: bytes("1"))
        try $0.merge(key: bytes("b"), value: bytes("2"))
        try $0.merge(key: bytes("c"), value: bytes("3"))
        try $0.delete(key: bytes("d"))
      }
      let second = try write(directory + "/2.sst") {
        try $0.put(key: bytes("x"), value: [])
        try $0.deleteRange(from: bytes("y"), to: bytes("z"))
      }
      let options = ReadOptions(snapshot: database.snapshot())
      try database.ingest(files: [first, second], into: data, move: move)
      #expect(
        try contents(database.cursor(in: data)) == ["a": "1", "b": "2", "c": "[v],3", "x": ""])
      #expect(try database.get(key: bytes("c"), in: data, options: options) == bytes("v"))
      #expect(FileManager.default.fileExists(atPath: first) == !move)
      database.compactRange(in: data, bottommost: .force)
      #expect(
        try contents(database.cursor(in: data)) == ["a": "1", "b": "2", "c": "[v],3", "x": ""])
    }
  }

  @Test func `of overlapping files in one call the later ones are newer`() throws {
    try withDatabase(family) { database, data, directory in
      let files = try (0..<3).map { round in
        try write(directory + "/\(round).sst") {
          try $0.put(key: bytes("a"), value: bytes("\(round)"))
          try $0.merge(key: bytes("m"), value: bytes("\(round)"))
        }
      }
      try database.ingest(files: files, into: data, move: true)
      #expect(try contents(database.cursor(in: data)) == ["a": "2", "m": "0,1,2"])
      let later = try write(directory + "/later.sst") {
        try $0.merge(key: bytes("a"), value: bytes("x"))
        try $0.merge(key: bytes("m"), value: bytes("x"))
      }
      try database.ingest(files: [later], into: data, move: true)
      #expect(try contents(database.cursor(in: data)) == ["a": "[2],x", "m": "0,1,2,x"])
    }
  }

  @Test func `if one file is bad, none is taken in`() throws {
    try withDatabase(family) { database, data, directory in
      let good = try write(directory + "/good.sst") {
        try $0.put(key: bytes("a"), value: bytes("1"))
      }
      let bad = directory + "/bad.sst"
      try Data("this is no table".utf8).write(to: URL(fileURLWithPath: bad))
      for other in [bad, directory + "/absent.sst"] {
        #expect(throws: RocksError.self) {
          try database.ingest(files: [good, other], into: data, move: true)
        }
        #expect(try contents(database.cursor(in: data)).isEmpty)
        #expect(FileManager.default.fileExists(atPath: good))
      }
      try database.ingest(files: [], into: data, move: true)
    }
  }

  @Test func `a write buffer that overlaps is flushed, unless that is forbidden`() throws {
    try withDatabase(family) { database, data, directory in
      try database.put(key: bytes("a"), value: bytes("old"), in: data)
      let file = try write(directory + "/1.sst") {
        try $0.put(key: bytes("a"), value: bytes("new"))
      }
      let error = #expect(throws: RocksError.self) {
        try database.ingest(files: [file], into: data, move: true, allowBlockingFlush: false)
      }
      #expect(error?.code == .invalidArgument)
      try database.ingest(files: [file], into: data, move: true)
      #expect(try database.get(key: bytes("a"), in: data) == bytes("new"))
    }
  }

  @Test func `keys out of order, an empty file and a bad path are refused`() throws {
    try withDatabase(family) { _, _, directory in
      var writer = try SSTWriter(path: directory + "/1.sst", family: family)
      try writer.put(key: bytes("b"), value: [])
      for name in ["a", "b"] {
        let error = #expect(throws: RocksError.self) { try writer.put(key: bytes(name), value: []) }
        #expect(error?.code == .invalidArgument)
      }
      let error = #expect(throws: RocksError.self) {
        _ = try SSTWriter(path: directory + "/2.sst", family: family).finish()
      }
      #expect(error?.code == .invalidArgument)
      let absent = #expect(throws: RocksError.self) {
        _ = try SSTWriter(path: directory + "/absent/3.sst", family: family)
      }
      #expect(absent?.code == .ioError)
    }
  }

  @Test func `what a file deletes by range are older keys, not its own`() throws {
    try withDatabase(family) { database, data, directory in
      try database.put(key: bytes("b"), value: bytes("old"), in: data)
      try database.put(key: bytes("c"), value: bytes("old"), in: data)
      let file = try write(directory + "/1.sst") {
        try $0.put(key: bytes("b"), value: bytes("new"))
        try $0.deleteRange(from: bytes("a"), to: bytes("z"))
      }
      try database.ingest(files: [file], into: data, move: true)
      #expect(try contents(database.cursor(in: data)) == ["b": "new"])
    }
  }
}
