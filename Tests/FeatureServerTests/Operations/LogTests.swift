// The log: lines that stay lines whatever is in them, levels, reopening, and messages that come too often.
import FeatureModel
import FeatureServer
import Foundation
import Synchronization
import TestSupport
import Testing

/// A clock that stands still until it is moved.
final class Clock: Sendable {
  private let time = Mutex<Int64>(1_700_000_000_000)
  func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
  var now: Int64 { time.withLock { $0 } }
}

@Suite struct LogTests {
  static func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  static func withLog(
    _ format: Log.Format, _ level: Log.Level = .debug,
    _ body: (_ log: Log, _ clock: Clock, _ path: String) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let clock = Clock()
      let path = folder + "/log"
      let log = try Log(format: format, level: level, file: path) { clock.now }
      try body(log, clock, path)
    }
  }

  @Test func `A line in logfmt has time, level, message and fields in order`() throws {
    try Self.withLog(.logfmt) { log, clock, path in
      log.info("listening", ["address": .text("127.0.0.1"), "port": .int(7379)])
      clock.advance(42)
      log.warning("a client was dropped", ["reason": .text("idle"), "seconds": .number(1.5)])
      log.error("odd", ["empty": .text(""), "text": .text("a=\"b\"\nc\\"), "is": .bool(true)])
      let lines = try Self.lines(path)
      #expect(
        lines == [
          "time=2023-11-14T22:13:20.000Z level=info message=listening address=127.0.0.1 port=7379",
          "time=2023-11-14T22:13:20.042Z level=warning message=\"a client was dropped\" reason=idle "
            + "seconds=1.5",
          #"time=2023-11-14T22:13:20.042Z level=error message=odd empty="" text="a=\"b\"\nc\\" is=true"#,
        ])
    }
  }

  @Test func `A line in JSON reads back to what was said, whatever that is`() throws {
    try Self.withLog(.json) { log, clock, path in
      let texts = ["", "plain", "\"\\\n\r\t\u{1}\u{7F}", "é\u{2028}🙂", "}{,:"]
      for text in texts { log.debug("text", ["text": .text(text), "none": .number(.nan)]) }
      let lines = try Self.lines(path)
      #expect(lines.count == texts.count)
      for (line, text) in zip(lines, texts) {
        let value = try JSONValue.parse(line)
        #expect(value["time"] == "2023-11-14T22:13:20.000Z" && value["level"] == "debug")
        #expect(value["message"] == "text" && value["none"] == .null)
        #expect(value["text"] == .string(text))
      }
    }
  }

  @Test func `A long text is cut, also in the middle of a character`() throws {
    try Self.withLog(.json) { log, _, path in
      log.info("long", ["text": .text("x" + String(repeating: "é", count: 1000))])
      let line = try #require(try Self.lines(path).first)
      #expect(line.utf8.count < 320)
      #expect(try JSONValue.parse(line)["message"] == "long")
    }
  }

  @Test func `Less than the level is not written, and costs no fields`() throws {
    try Self.withLog(.logfmt, .warning) { log, _, path in
      var asked = 0
      func ask() -> LogValue {
        asked += 1
        return .int(asked)
      }
      log.debug("no", ["n": ask()])
      log.info("no", ["n": ask()])
      log.warning("yes", ["n": ask()])
      log.error("yes too", ["n": ask()])
      let lines = try Self.lines(path)
      #expect(lines.count == 2 && asked == 2)
      log.level = .error
      log.warning("no more", ["n": ask()])
      let after = try Self.lines(path)
      #expect(after == lines && log.level == .error)
    }
  }

  @Test func `After the file was moved away a new one is opened`() throws {
    try Self.withLog(.logfmt) { log, _, path in
      log.info("before")
      try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
      log.info("still the old one")
      try log.reopen()
      log.info("after")
      #expect(try Self.lines(path + ".1").count == 2)
      #expect(try Self.lines(path).count == 1)
    }
  }

  @Test func `A folder that went keeps the old file open`() throws {
    try withTemporaryDirectory { folder in
      let inner = folder + "/inner"
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
      let log = try Log(file: inner + "/log")
      try FileManager.default.moveItem(atPath: inner, toPath: folder + "/moved")
      #expect(throws: LogError.self) { try log.reopen() }
      log.info("here")
      #expect(try Self.lines(folder + "/moved/log").count == 1)
    }
    #expect(throws: LogError.self) { try Log(file: "/nowhere/at/all") }
  }

  @Test func `Of a message that comes too often the rest is counted`() throws {
    try Self.withLog(.logfmt) { log, clock, path in
      for number in 0..<1000 { log.warning("refused", ["n": .int(number)]) }
      log.info("another message", ["n": .int(1)])
      #expect(try Self.lines(path).count == Log.linesPerSecond + 1)
      clock.advance(1000)
      log.warning("refused", ["n": .int(1000)])
      let last = try #require(try Self.lines(path).last)
      #expect(last.hasSuffix("message=refused n=1000 suppressed=990"))
      clock.advance(1000)
      log.warning("refused", ["n": .int(1001)])
      #expect(try Self.lines(path).last?.contains("suppressed") == false)
    }
  }

  @Test func `What was held back of a message that stopped is told by others and by a flush`()
    throws
  {
    try Self.withLog(.logfmt) { log, clock, path in
      for _ in 0..<15 { log.error("failed") }
      log.flush()
      #expect(try Self.lines(path).count == 10)
      clock.advance(1500)
      log.info("going on")
      #expect(
        try Self.lines(path).last?.hasSuffix("level=error message=failed suppressed=5") == true)
      for _ in 0..<12 { log.error("failed") }
      clock.advance(-5000)
      log.flush()
      #expect(try Self.lines(path).last?.hasSuffix("message=failed suppressed=2") == true)
      let count = try Self.lines(path).count
      log.flush()
      #expect(try Self.lines(path).count == count)
    }
  }

  @Test func `Lines of many threads do not mix`() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/log"
      let clock = Clock()
      let log = try Log(format: .json, level: .info, file: path) {
        // Each line in a second of its own, so that none is held back.
        clock.advance(1000)
        return clock.now
      }
      await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
          group.addTask {
            for number in 0..<100 { log.info("line", ["task": .int(task), "n": .int(number)]) }
          }
        }
      }
      let lines = try Self.lines(path)
      var told = 0
      for line in lines {
        let value = try JSONValue.parse(line)
        if value["n"] != nil { told += 1 }
        if case .int(let more)? = value["suppressed"]?.content { told += Int(more) }
      }
      #expect(told == 800)
    }
  }
}
