// Arrays that break Arrow's rules where a reader can see it, and events that a stream cannot take.
import CHindcast
import FeatureModel
import TestSupport
import Testing

@Suite struct MalformedTests {
  /// Joins two rows whose batch was changed by `damage` on its way.
  private func failure(
    _ library: Library, _ ledger: Ledger, _ format: String = "u",
    _ damage: @escaping (UnsafeMutablePointer<ArrowArray>) -> Void
  ) throws -> String {
    var key = HostileTests.texts("sender", ["ann", "b"])
    key.format = format
    let made = MadeStream([key, HostileTests.times("t", [1, 2])], ledger)
    made.damage = damage
    var stream = made.stream
    var out = try library.join(&stream, HostileTests.request)
    do {
      _ = try ReadTable(&out)
      return ""
    } catch let error as StreamFailure { return error.text }
  }

  @Test func `Arrays that are not what they have to be are refused`() throws {
    try HostileTests.withStore { library, ledger in
      let cases: [(String, (UnsafeMutablePointer<ArrowArray>) -> Void)] = [
        ("does not fit the stream's schema", { $0.pointee.length = -1 }),
        ("does not fit the stream's schema", { $0.pointee.offset = -5 }),
        ("does not fit the stream's schema", { $0.pointee.offset = .max }),
        ("no whole column 'sender'", { $0.pointee.length = 3 }),
        ("no whole column 'sender'", { $0.pointee.children[0]!.pointee.length = 1 }),
        ("no whole column 't'", { $0.pointee.children[1]!.pointee.offset = -1 }),
        ("has 1 buffers, and 3 are needed", { $0.pointee.children[0]!.pointee.n_buffers = 1 }),
        ("has 0 buffers, and 2 are needed", { $0.pointee.children[1]!.pointee.n_buffers = 0 }),
        ("'t' has no values", { $0.pointee.children[1]!.pointee.buffers[1] = nil }),
        ("has offsets that cannot be", { $0.pointee.children[0]!.pointee.buffers[2] = nil }),
        ("has offsets that cannot be", { Self.setOffsets($0, [0, 9, 4]) }),
        ("has offsets that cannot be", { Self.setOffsets($0, [-1, 3, 4]) }),
      ]
      for (text, damage) in cases {
        let failure = try failure(library, ledger, "u", damage)
        #expect(failure.contains(text), "\(failure) is not \(text)")
      }
      let outside = try failure(library, ledger, "vu") { array in
        let views = UnsafeMutableRawPointer(
          mutating: array.pointee.children[0]!.pointee.buffers[1]!)
        views.storeBytes(of: 400, as: Int32.self)
        views.storeBytes(of: 7, toByteOffset: 8, as: Int32.self)
      }
      #expect(outside == "row 0: column 'sender' points outside of its buffers")
    }
  }

  private static func setOffsets(
    _ array: UnsafeMutablePointer<ArrowArray>, _ offsets: [Int32]
  ) {
    let buffer = UnsafeMutableRawPointer(mutating: array.pointee.children[0]!.pointee.buffers[1]!)
    for (index, offset) in offsets.enumerated() {
      buffer.storeBytes(of: offset, toByteOffset: 4 * index, as: Int32.self)
    }
  }

  @Test func `A row that is null as a whole is refused by its number`() throws {
    try HostileTests.withStore { library, ledger in
      let bits = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
      defer { bits.deallocate() }
      bits.pointee = 0b01
      // The pointer is an address here, because the closure must not keep it.
      let address = UInt(bitPattern: bits)
      let failure = try failure(library, ledger) { array in
        array.pointee.null_count = -1
        array.pointee.buffers[0] = UnsafeRawPointer(bitPattern: address)
      }
      #expect(failure == "row 1 of the Arrow stream is null as a whole")
    }
  }

  @Test func `Batches without rows, and streams without batches, come out as they went in`() throws
  {
    try HostileTests.withStore { library, ledger in
      let columns = [
        HostileTests.texts("sender", ["ann", nil]), HostileTests.times("t", [2, 2]),
        MadeColumn(name: "none", format: "n", values: [.null, .null]),
      ]
      let empty: (Range<Int>, Layout) = (0..<0, Layout(offset: 3))
      let whole: (Range<Int>, Layout) = (0..<2, Layout())
      let made = MadeStream(columns, [empty, whole, empty], ledger)
      let table = try library.joined(made, HostileTests.request)
      #expect(table.batches.map(\.rows) == [0, 2, 0])
      #expect(table.names == ["sender", "t", "none", "N", "LAST"])
      #expect(table.formats == ["u", "tsm:", "n", "l", "U"])
      #expect(table.values("N") == [.int(1), .int(0)])
      #expect(table.values("LAST") == [.string("ann"), .null])
      let nothing = try library.joined(MadeStream(columns, [], ledger), HostileTests.request)
      #expect(nothing.batches.isEmpty && nothing.names.count == 5)
    }
  }

  @Test func `Events that cannot be taken name their row, field and reason`() throws {
    try HostileTests.withStore { library, ledger in
      func events(_ sizes: [Int64], _ format: String, _ days: [Int64?]) -> MadeStream {
        MadeStream(
          [
            HostileTests.ints("size", sizes, format), HostileTests.times("at", days),
            HostileTests.texts("sender", sizes.map { _ in "bob" }),
            HostileTests.ints("ratio", sizes.map { $0 == 3 ? 1 << 53 + 1 : 2 }),
          ], ledger)
      }
      func failure(_ made: MadeStream, _ options: String) -> CallFailure? {
        do {
          _ = try library.ingest(made, into: "mails", options)
          return nil
        } catch { return error as? CallFailure }
      }
      let source = "{\"source\":\"b\"}"
      let bad = failure(events([1, 2, 3, 4], "s", [0, nil, 1, 2]), source)
      #expect(bad?.code == 3 && bad?.row == 1 && bad?.column == "at", "\(bad!)")
      #expect(bad?.message == "row 1: field 'at': the event time is null")
      #expect(try library.call("sources", .object([("view", "by_sender")]))["b"] == nil)
      let collected = try library.ingest(
        events([1, 2, 3, 4], "s", [0, nil, 1, 2]), into: "mails",
        "{\"source\":\"b\",\"rejects\":\"collect\"}")
      #expect(collected["rows"] == 4 && collected["rejected"] == 2)
      #expect(
        collected["rejects"]?.compact == """
          [{"row":1,"field":"at","reason":"the event time is null"},\
          {"row":2,"field":"ratio","reason":"is 9007199254740993, which no double is"}]
          """)
      let other = failure(events([1, 2, 3, 5], "s", [0, nil, 1, 2]), source)
      #expect(other?.message.contains("are not what they were then") == true, "\(other!)")
      let short = failure(events([1, 2], "s", [0, nil]), source)
      #expect(short?.message.contains("the table has 2 rows, and 4 of it") == true, "\(short!)")
      let gap = failure(events([9], "s", [0]), "{\"source\":\"b\",\"position\":5}")
      #expect(gap?.message.contains("begins at row 5") == true, "\(gap!)")
      let next = try library.ingest(
        events([9], "s", [0]), into: "mails", "{\"source\":\"b\",\"position\":4}")
      #expect(next["rows"] == 1)
      #expect(try library.call("sources", .object([("view", "by_sender")]))["b"] == 5)
      #expect(
        failure(events([9], "g", [0]), source)?.message.contains("is double, and int") == true)
      #expect(failure(events([9], "l", [0]), "{}")?.message.contains("'source' is missing") == true)
    }
  }
}
