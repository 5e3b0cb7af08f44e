// Counts lines of each message, so that a client that fails a thousand times in a second fills no disk.
// Messages are literals of the program, which bounds how many there are.

struct LogLimiter {
  struct HeldBack {
    let message: StaticString
    let level: Log.Level
    let heldBack: Int
  }

  private struct Second {
    let message: StaticString
    let level: Log.Level
    var start: Int64
    var lines: Int
    var heldBack: Int

    /// A clock that was set back ends a second too.
    func isOver(_ time: Int64) -> Bool { time < start || time >= start + 1000 }
  }

  private let limit: Int
  private var seconds: [String: Second] = [:]
  /// Nothing was held back while this is zero, which is nearly always.
  private var waiting = 0

  init(limit: Int) { self.limit = limit }

  /// Nil where the line must not be written; otherwise how many were not before it.
  mutating func admit(_ message: StaticString, _ level: Log.Level, at time: Int64) -> Int? {
    let key = message.description
    var second =
      seconds[key]
      ?? Second(message: message, level: level, start: time, lines: 0, heldBack: 0)
    defer { seconds[key] = second }
    if second.isOver(time) {
      let heldBack = second.heldBack
      if heldBack > 0 { waiting -= 1 }
      second = Second(message: message, level: level, start: time, lines: 1, heldBack: 0)
      return heldBack
    }
    guard second.lines >= limit else {
      second.lines += 1
      return 0
    }
    if second.heldBack == 0 { waiting += 1 }
    second.heldBack += 1
    return nil
  }

  /// Messages that were held back and whose second is over; asked once, they are forgotten.
  mutating func takeOver(at time: Int64) -> [HeldBack] {
    if waiting == 0 { return [] }
    var over: [HeldBack] = []
    for (key, second) in seconds where second.heldBack > 0 && second.isOver(time) {
      over.append(
        HeldBack(message: second.message, level: second.level, heldBack: second.heldBack))
      seconds[key]!.heldBack = 0
      waiting -= 1
    }
    return over.sorted { $0.message.description < $1.message.description }
  }
}
