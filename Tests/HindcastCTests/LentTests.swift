// What comes out is what went in: the spine's own memory, not a copy, and alive as long as somebody holds any
// part of it, whatever was released or closed before.
import CHindcast
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct LentTests {
  private static let columns = [
    HostileTests.texts("sender", ["ann", "bob", "ann", nil]),
    HostileTests.times("t", [1, 1, 40, 2]),
    HostileTests.ints("label", [5, 6, 7, 8]),
  ]

  @Test func `The spine's columns come out without being copied`() throws {
    try HostileTests.withStore { library, ledger in
      var buffers: [UnsafeRawPointer?] = []
      let made = MadeStream(
        Self.columns, [(0..<3, Layout(rootOffset: 2)), (3..<4, Layout())], ledger)
      made.damage = { buffers.append($0.pointee.children[2]!.pointee.buffers[1]) }
      let table = try library.joined(made, HostileTests.request)
      #expect(table.batches.map { $0.buffers["label"]! } == buffers && buffers.count == 2)
      #expect(table.values("label") == [.int(5), .int(6), .int(7), .int(8)])
      #expect(table.values("N") == [.int(1), .int(0), .int(0), .int(0)])
    }
  }

  @Test func `Features alone come where the spine's columns are not wanted`() throws {
    try HostileTests.withStore { library, ledger in
      let request = HostileTests.request.dropLast() + ",\"features_only\":true}"
      let table = try library.joined(MadeStream(Self.columns, ledger), String(request))
      #expect(table.names == ["N", "LAST"] && table.batches.map(\.rows) == [4])
    }
  }

  @Test func `A column moved out of its batch outlives the batch, the stream and the store`() throws
  {
    try withTemporaryDirectory { folder in
      let ledger = Ledger()
      var library: Library? = try Library(folder + "/s", "create")
      try library!.register([HostileTests.stream, HostileTests.view])
      var spine = MadeStream(Self.columns, ledger).stream
      var out = try library!.join(&spine, HostileTests.request)
      library = nil
      var array = ArrowArray()
      #expect(out.get_next(&out, &array) == 0)
      var kept = [2, 4].map { index -> ArrowArray in
        let child = array.children[index]!
        defer { child.pointee.release = nil }
        return child.pointee
      }
      array.release(&array)
      out.release(&out)
      #expect(ledger.live > 0)
      #expect(kept[0].buffers[1]!.load(fromByteOffset: 16, as: Int64.self) == 7)
      #expect(kept[1].length == 4 && kept[1].null_count == 4)
      for index in kept.indices { kept[index].release(&kept[index]) }
      #expect(ledger.live == 0)
    }
  }

  @Test func `A stream that is dropped half read releases all that it holds`() throws {
    try HostileTests.withStore { library, ledger in
      let batches: [(Range<Int>, Layout)?] = (0..<4).map { ($0..<$0 + 1, Layout()) }
      var spine = MadeStream(Self.columns, batches, ledger).stream
      var out = try library.join(&spine, HostileTests.request)
      var array = ArrowArray()
      #expect(out.get_next(&out, &array) == 0 && array.length == 1)
      array.release(&array)
      out.release(&out)
      var unread = MadeStream(Self.columns, batches, ledger).stream
      var none = try library.join(&unread, HostileTests.request)
      none.release(&none)
    }
  }

  @Test func `A program in C opens a store, feeds it, joins and looks up`() throws {
    try withTemporaryDirectory { folder in
      let root = URL(filePath: #filePath).deletingLastPathComponent()
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let beside = [tests, CommandLine.arguments[0]].map {
        URL(filePath: $0).deletingLastPathComponent().path
      }.first { FileManager.default.fileExists(atPath: $0 + "/libHindcastC.so") }
      let built = try #require(beside, "libHindcastC.so does not lie beside the tests")
      let headers = root.appending(path: "../../Sources/CHindcast").standardized.path
      try run(
        "clang", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", headers,
        root.appending(path: "Program/join.c").path, "-o", folder + "/join", "-L", built,
        "-lHindcastC", "-Wl,-rpath," + built)
      #expect(try run(folder + "/join", folder + "/store") == "ann 1\nbob 0\nann 1 served\n")
    }
  }

  @discardableResult
  private func run(_ words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(words)")
    return String(decoding: output, as: UTF8.self)
  }
}
