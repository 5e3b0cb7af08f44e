// What goes wrong at the border: pointers that are NULL, streams that fail, arrays that are not what their
// schema says. Each is an error with its reason, and nothing is left unreleased.
import CHindcast
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct HostileTests {
  static let stream = """
    {"stream":"mails","fields":{"sender":"string","at":"timestamp","size":"int","ratio":"double"},
     "eventTime":"at"}
    """
  static let view = """
    {"view":"by_sender","stream":"mails","entity":["sender"],"slice":"1d",
     "features":{"N":{"count":true,"windows":["30d"]},"LAST":{"last":"sender","windows":["30d"]}}}
    """
  static let day: Int64 = 1_767_225_600_000
  static let request = "{\"views\":[{\"view\":\"by_sender\"}],\"time\":\"t\"}"

  static func texts(_ name: String, _ texts: [String?]) -> MadeColumn {
    MadeColumn(name: name, format: "u", values: texts.map { $0.map { .string($0) } ?? .null })
  }

  static func times(_ name: String, _ days: [Int64?]) -> MadeColumn {
    MadeColumn(
      name: name, format: "tsm:",
      values: days.map {
        $0.map { .timestamp(Timestamp(milliseconds: day + $0 * 86_400_000)!) } ?? .null
      })
  }

  static func ints(_ name: String, _ numbers: [Int64], _ format: String = "l") -> MadeColumn {
    MadeColumn(name: name, format: format, values: numbers.map { .int($0) })
  }

  /// A store with one mail of ann, and a ledger that must be even at the end.
  static func withStore(_ body: (Library, Ledger) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let ledger = Ledger()
      let library = try Library(folder + "/s", "create")
      try library.register([stream, view])
      let events = [
        texts("sender", ["ann"]), times("at", [0]), ints("size", [1]),
        MadeColumn(name: "ratio", format: "g", values: [.double(0.5)]),
      ]
      _ = try library.ingest(MadeStream(events, ledger), into: "mails", "{\"source\":\"a\"}")
      try body(library, ledger)
      #expect(ledger.live == 0 && ledger.made > 0)
    }
  }

  /// The error that a join of these columns ends in, at once or when it is read.
  static func failure(
    _ library: Library, _ columns: [MadeColumn], _ ledger: Ledger, _ request: String = request
  ) throws -> CallFailure {
    let job = hindcast_job_new()
    defer { hindcast_job_free(job) }
    var stream = MadeStream(columns, ledger).stream
    do {
      var out = try library.join(&stream, request, job: job)
      do { _ = try ReadTable(&out) } catch let error as StreamFailure {
        var detail = hindcast_error()
        #expect(hindcast_job_error(job, &detail) == detail.code)
        let failure = CallFailure(detail)
        #expect(failure.message == error.text)
        return failure
      }
    } catch let failure as CallFailure { return failure }
    Issue.record("the join went well")
    return CallFailure(hindcast_error())
  }

  @Test func `NULL is an error wherever something is needed, and nothing where nothing is`() throws
  {
    var error = hindcast_error()
    #expect(hindcast_open(nil, nil, &error) == nil && error.code == 1)
    #expect(CallFailure(error).message == "the path is NULL")
    #expect(hindcast_open("/nowhere/at/all", nil, &error) == nil && error.code == 7)
    #expect(CallFailure(error).message.contains("there is no store here"))
    #expect(hindcast_open("/nowhere/at/all", nil, nil) == nil)
    #expect(hindcast_call(nil, "views", nil, &error) == nil && error.code == 1)
    _ = CallFailure(error)
    #expect(hindcast_join(nil, nil, nil, nil, nil, &error) == 11)
    #expect(CallFailure(error).message == "the Arrow stream is NULL")
    #expect(hindcast_join(nil, nil, nil, nil, nil, nil) == 11)
    #expect(hindcast_ingest(nil, nil, nil, nil, nil, nil) == nil)
    hindcast_close(nil)
    hindcast_free(nil)
    hindcast_job_free(nil)
    hindcast_job_cancel(nil)
    #expect(hindcast_job_rows(nil) == 0 && hindcast_job_error(nil, nil) == 0)
    #expect(String(cString: hindcast_version()) == "0.1.0")
  }

  @Test func `Arguments that are no JSON, or mean nothing, are told apart`() throws {
    try Self.withStore { library, ledger in
      let cases: [(String?, String)] = [
        ("{", "the arguments are not JSON"), ("[]", "an object is needed for the arguments"),
        (nil, "'views' is missing"), ("{\"views\":[],\"time\":\"t\"}", "at least one view"),
        ("{\"vews\":[]}", "did you mean 'views'?"),
        ("{\"views\":[{\"view\":\"by_sendr\"}]}", "did you mean 'by_sender'?"),
        ("{\"views\":[{\"view\":\"by_sender\",\"features\":[\"M\"]}]}", "no feature 'M'"),
        ("{\"views\":[{\"view\":\"by_sender\"}],\"mode\":\"fresh\"}", "as_served, corrected and"),
        ("{\"views\":[{\"view\":\"by_sender\"}],\"known_at\":1}", "goes with the mode known_at"),
        ("{\"views\":[{\"view\":\"by_sender\"}],\"keys\":{\"sendr\":\"x\"}}", "'sender'?"),
        ("{\"views\":[{\"view\":\"by_sender\"}],\"threads\":0}", "a whole number from 1 on"),
      ]
      for (request, text) in cases {
        var stream = MadeStream([Self.texts("sender", ["a"]), Self.times("t", [1])], ledger).stream
        var (out, error) = (ArrowArrayStream(), hindcast_error())
        #expect(hindcast_join(library.pointer, &stream, request, nil, &out, &error) != 0)
        let failure = CallFailure(error)
        #expect(failure.message.contains(text), "\(failure.message)")
        #expect(stream.release == nil && out.release == nil)
      }
    }
  }

  @Test func `Columns that cannot be keys or times are named with their types`() throws {
    try Self.withStore { library, ledger in
      let key = Self.texts("sender", ["a", "b"])
      let time = Self.times("t", [1, 2])
      let doubles = MadeColumn(name: "t", format: "g", values: [.double(1), .double(2)])
      let flags = MadeColumn(name: "t", format: "b", values: [.bool(true), .bool(false)])
      let cases: [([MadeColumn], String)] = [
        ([key], "the spine has no column 't'"), ([time], "the spine has no column 'sender'"),
        ([key, time, key], "the spine has 2 columns 'sender'"),
        ([key, time, Self.ints("N", [1, 2])], "has a column 'N' already"),
        ([Self.ints("sender", [1, 2]), time], "'sender' is int, and string is needed"),
        ([key, doubles], "'t' is double, and timestamp is needed"),
        ([key, flags], "'t' is bool, and timestamp is needed"),
        ([key, Self.texts("t", ["2026-01-01", "x"])], "'t' is string, and timestamp is needed"),
      ]
      for (columns, text) in cases {
        let failure = try Self.failure(library, columns, ledger)
        #expect(failure.message.contains(text), "\(failure.message)")
      }
      let formats = [
        ("d:10,2", "decimal"), ("+l", "list"), ("z", "binary"), ("tts", "time of day"),
        ("+s", "struct"), ("nonsense", "'nonsense'"), ("", "''"), ("ts", "'ts'"),
        ("tsx:", "'tsx:'"),
      ]
      for (format, name) in formats {
        var odd = Self.ints("sender", [1, 2])
        odd.format = format
        let failure = try Self.failure(library, [odd, time], ledger)
        #expect(failure.message.contains("'sender' is \(name), and string"), "\(failure.message)")
      }
    }
  }

  @Test func `A bad time or key is named by its row in the whole stream`() throws {
    try Self.withStore { library, ledger in
      let keys = Self.texts("sender", Array(repeating: "ann", count: 9))
      var days: [Int64?] = Array(repeating: 1, count: 9)
      days[7] = nil
      let batches: [(Range<Int>, Layout)?] = [
        (0..<3, Layout()), (3..<6, Layout()), (6..<9, Layout()),
      ]
      for (request, format) in [
        (Self.request, "tsm:"), (Self.request, "tsu:"),
        (Self.request.dropLast() + ",\"rows_together\":1}", "tsm:"),
      ] {
        var times = Self.times("t", days)
        times.format = format
        var stream = MadeStream([keys, times], batches, ledger).stream
        let job = hindcast_job_new()
        defer { hindcast_job_free(job) }
        var out = try library.join(&stream, String(request), job: job)
        #expect(throws: StreamFailure.self) { try ReadTable(&out) }
        var error = hindcast_error()
        #expect(hindcast_job_error(job, &error) == 3)
        let failure = CallFailure(error)
        #expect(failure.row == 7 && failure.column == "t", "\(failure.message)")
        #expect(failure.message.hasPrefix("row 7: column 't' is null"))
      }
      let far = Self.ints("t", [0, .max], "tss:")
      let failure = try Self.failure(library, [Self.texts("sender", ["a", "b"]), far], ledger)
      #expect(failure.code == 3 && failure.row == 1 && failure.message.contains("0001 to 9999"))
    }
  }

  @Test func `A stream that fails in the middle fails the join with its own words`() throws {
    try Self.withStore { library, ledger in
      let columns = [Self.texts("sender", ["a", "b"]), Self.times("t", [1, 2])]
      var stream = MadeStream(columns, [(0..<1, Layout()), nil], ledger).stream
      var out = try library.join(&stream, Self.request)
      #expect(throws: StreamFailure.self) { try ReadTable(&out) }
      var again = MadeStream(columns, ledger).stream
      var taken = try library.join(&again, Self.request)
      // A stream that was taken over is not there any more.
      var error = hindcast_error()
      var other = ArrowArrayStream()
      #expect(
        hindcast_join(library.pointer, &again, Self.request, nil, &other, &error) == 11)
      #expect(CallFailure(error).message.contains("released before"))
      #expect(try ReadTable(&taken).batches.count == 1)
    }
  }

  @Test func `After an error a stream gives the same error again, and a cancelled job ends it`()
    throws
  {
    try Self.withStore { library, ledger in
      let columns = [Self.texts("sender", ["a", "b"]), Self.times("t", [1, 2])]
      let job = hindcast_job_new()
      hindcast_job_cancel(job)
      var stream = MadeStream(columns, ledger).stream
      var out = try library.join(&stream, Self.request, job: job)
      for _ in 0..<2 {
        var array = ArrowArray()
        #expect(out.get_next(&out, &array) == ECANCELED && array.release == nil)
        #expect(String(cString: out.get_last_error(&out)!) == "cancelled before the end")
      }
      var error = hindcast_error()
      #expect(hindcast_job_error(job, &error) == 10)
      _ = CallFailure(error)
      out.release(&out)
      #expect(out.release == nil)
      hindcast_job_free(job)
    }
  }
}
