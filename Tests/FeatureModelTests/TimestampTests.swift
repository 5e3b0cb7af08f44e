// Text to instants and back: forms, calendar, limits, and a round trip over the whole range.
import FeatureModel
import Testing

@Suite struct TimestampTests {
  @Test(
    "every form of a time is read",
    arguments: [
      ("0", 0), ("-1", -1), ("+1700000000123", 1_700_000_000_123), ("2026", 2026),
      ("1970-01-01", 0), ("1970-01-01T00:01", 60_000), ("1970-01-01 00:00:02", 2000),
      ("2026-11-22T13:17:02Z", 1_795_353_422_000), ("2026-11-22T13:17:02.5Z", 1_795_353_422_500),
      ("2026-11-22T13:17:02.1239", 1_795_353_422_123), ("1969-12-31T23:59:59.9999", -1),
      ("2026-11-22T15:17:02+02:00", 1_795_353_422_000),
      ("2026-11-22T15:17:02+0200", 1_795_353_422_000),
      ("2026-11-22 15:17:02+02", 1_795_353_422_000),
      ("2026-11-22T09:47:02-03:30", 1_795_353_422_000),
      ("2000-02-29", 951_782_400_000), ("1969-12-31T23:59:59.999Z", -1),
      ("0102-03-04", -58_943_030_400_000), ("0001-01-01", -62_135_596_800_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("253402300799999", 253_402_300_799_999),
      ("2024-02-29T00:00:00.123456789Z", 1_709_164_800_123),
    ] as [(String, Int64)])
  func forms(text: String, expected: Int64) {
    #expect(Timestamp(parsing: text)?.milliseconds == expected)
  }

  @Test(
    "what is not wholly understood is refused",
    arguments: [
      "", " ", "-", "1.5", "1e3", " 1", "1 ", "2026-11", "2026-11-22T", "2026-11-22T13",
      "2026-11-22Z",
      "2026-11-22T13:17:", "2026-11-22T13:17:60", "2026-11-22T24:00", "2026-11-22T13:60",
      "2026-13-01", "2026-00-01", "2026-11-31", "2026-11-00", "1900-02-29", "2023-02-29",
      "0000-01-01",
      "2026-11-22T13:17:02.", "2026-11-22T13:17:02.1234567890", "2026-11-22T13:17.5",
      "2026-11-22T13:17:02+2", "2026-11-22T13:17:02+24:00", "2026-11-22T13:17:02+02:60",
      "2026-11-22T13:17:02+02:", "2026-11-22T13:17:02ZZ", "2026-11-22  13:17", "2026/11/22",
      "22-11-2026", "10000-01-01", "-0001-01-01", "253402300800000", "-62135596800001",
      "0001-01-01T00:00+00:01", "9999-12-31T23:59:59-00:01", "２０２６-11-22", "2026-1-2",
      "99999999999999999999",
    ])
  func refusals(text: String) {
    #expect(Timestamp(parsing: text) == nil)
  }

  @Test("a day that the calendar lacks is refused in every year, leap days are read in leap years")
  func leapYears() {
    for year in 1...9999 {
      let text = String(repeating: "0", count: 4 - String(year).count) + String(year)
      let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
      #expect((Timestamp(parsing: "\(text)-02-29") != nil) == isLeap, "\(year)")
    }
  }

  @Test("the text of any instant reads back to it", arguments: [21 as UInt64])
  func roundTrip(seed: UInt64) {
    var random = SeededRandom(seed)
    let range = Timestamp.earliest.milliseconds..<Timestamp.limit.milliseconds
    for step in 0..<50_000 {
      var milliseconds = Int64.random(in: range, using: &random)
      if step % 3 == 0 { milliseconds -= milliseconds % 1000 }
      let time = Timestamp(milliseconds: milliseconds)!
      #expect(Timestamp(parsing: time.description) == time, "\(time), seed \(seed)")
      #expect(Timestamp(parsing: "\(milliseconds)") == time)
    }
  }

  @Test("damaged text never reads outside of its bytes")
  func damage() {
    var random = SeededRandom(22)
    let text = Array("2026-11-22T13:17:02.123+02:00".utf8)
    for _ in 0..<20_000 {
      var bytes = Array(text.prefix(Int.random(in: 0...text.count, using: &random)))
      if !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      let time = bytes.withUnsafeBytes { Timestamp(parsing: $0) }
      if let time { #expect(time >= .earliest && time < .limit) }
    }
  }

  @Test(
    "lengths of time are whole numbers of minutes, hours, days or weeks",
    arguments: [
      ("30d", 2_592_000_000), ("1h", 3_600_000), ("15m", 900_000), ("90m", 5_400_000),
      ("2w", 1_209_600_000), ("999999999w", 604_799_999_395_200_000), ("0d", nil), ("07d", nil),
      ("d", nil),
      ("", nil), ("30", nil), ("30D", nil), ("30 d", nil), ("1.5h", nil), ("-1d", nil),
      ("+1d", nil),
      ("1s", nil), ("9999999999d", nil), ("1dd", nil),
    ] as [(String, Int64?)])
  func durations(text: String, expected: Int64?) {
    #expect(DurationText.milliseconds(text) == expected)
  }

  @Test(
    "a length of time has one text, in its largest unit",
    arguments: [("2w", "14d"), ("24h", "1d"), ("90m", "90m"), ("120m", "2h"), ("36h", "36h")])
  func durationText(text: String, expected: String) throws {
    let milliseconds = try #require(DurationText.milliseconds(text))
    #expect(DurationText.text(milliseconds) == expected)
    #expect(DurationText.milliseconds(expected) == milliseconds)
  }
}
