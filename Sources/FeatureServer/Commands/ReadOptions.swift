// What the look-ups of FS have in common: the instant, the knowledge and the features that are asked for.
import FeatureModel
import Hindcast

/// `[ASOF time] [KNOWN time | CORRECTED | FRESH] [FEATURES count feature ...]`, in any order.
package struct ReadOptions: Sendable {
  /// Nil where none is named: the moment of the request.
  package private(set) var time: Timestamp?
  package private(set) var mode = ReadMode.asServed
  package private(set) var features: [String]?

  /// What was served, or would be, at the instant of the request.
  package var isPlain: Bool { time == nil && mode == .asServed }

  package init() {}

  /// - Parameter clock: reads the newest time; what lies ahead of it is refused.
  package init(
    _ words: RequestWords, from start: Int, clock: () -> Timestamp
  ) throws(LookupError) {
    var place = start
    var hasMode = false
    while place < words.count {
      let word = words.name(place)
      switch word {
      case "ASOF":
        guard time == nil else { throw Self.twice(word) }
        time = try Self.time(words, place + 1, after: word, clock)
        place += 2
      case "KNOWN", "CORRECTED", "FRESH":
        guard !hasMode else {
          throw LookupError("ERR syntax error: KNOWN, CORRECTED and FRESH exclude each other")
        }
        hasMode = true
        switch word {
        case "KNOWN": mode = .knownAt(try Self.time(words, place + 1, after: word, clock))
        case "CORRECTED": mode = .corrected
        default: mode = .fresh
        }
        place += word == "KNOWN" ? 2 : 1
      case "FEATURES":
        guard features == nil else { throw Self.twice(word) }
        place = try takeFeatures(words, place + 1)
      default:
        throw LookupError(
          "ERR syntax error: '\(words.string(place))' is none of ASOF, KNOWN, CORRECTED, FRESH and FEATURES"
        )
      }
    }
  }

  private mutating func takeFeatures(
    _ words: RequestWords, _ place: Int
  ) throws(LookupError) -> Int {
    guard place < words.count, let count = words.integer(place), count > 0,
      count < words.count - place
    else {
      throw LookupError("ERR syntax error: FEATURES needs a number and as many names behind it")
    }
    features = (place + 1...place + count).map(words.string)
    return place + count + 1
  }

  private static func twice(_ word: String) -> LookupError {
    LookupError("ERR syntax error: \(word) is given twice")
  }

  private static func time(
    _ words: RequestWords, _ place: Int, after word: String, _ clock: () -> Timestamp
  ) throws(LookupError) -> Timestamp {
    guard place < words.count, let time = Timestamp(parsing: words.string(place)) else {
      throw LookupError(
        "ERR syntax error: \(word) needs a time, ISO 8601 (2026-11-22T13:17:02Z) or epoch milliseconds"
      )
    }
    guard time <= clock() else {
      throw LookupError("ERR \(word) \(time) lies ahead of the clock: nobody knows yet")
    }
    return time
  }
}
