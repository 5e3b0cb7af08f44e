// The events of the benchmark as CSV: the same for a seed and a day, all before the day that is running.
import BenchSupport
import Glibc

struct EventsFile {
  let entities: UInt64
  let days: UInt64
  /// Bytes of a random text in each event; 0 for none.
  let noteBytes: Int
  private static let day: UInt64 = 86_400_000
  private static let letters = Array(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)

  /// Every entity has an event, and the rest go to random ones; or, with `daily`, each has one on each day.
  func write(_ path: String, events: Int, daily: Bool) {
    guard let file = fopen(path, "w") else { fail("cannot write \(path)") }
    let start = UInt64(Clock.epochMilliseconds) / Self.day * Self.day - days * Self.day
    var random = SplitMix64(seed: seed)
    var text = Array("account,at,amount,shop,card,note\n".utf8)
    let count = daily ? entities * days : UInt64(events)
    for event in 0..<count {
      var entity = event < entities ? event : random.below(entities)
      var time = start + random.below(days * Self.day)
      if daily {
        entity = event % entities
        time = start + event / entities * Self.day + time % Self.day
      }
      append(entity, time, &random, to: &text)
      if text.count > 1 << 20 { flush(&text, file) }
    }
    flush(&text, file)
    guard fclose(file) == 0 else { fail("cannot write \(path)") }
  }

  private func append(
    _ entity: UInt64, _ time: UInt64, _ random: inout SplitMix64, to text: inout [UInt8]
  ) {
    Self.digits(entity, 12, &text)
    text.append(UInt8(ascii: ","))
    Self.digits(time, 13, &text)
    text.append(UInt8(ascii: ","))
    let cents = random.below(100_000)
    Self.digits(cents / 100, 3, &text)
    text.append(UInt8(ascii: "."))
    Self.digits(cents % 100, 2, &text)
    for _ in 0..<2 {
      text.append(UInt8(ascii: ","))
      Self.digits(random.below(max(1, entities / 10)), 12, &text)
    }
    text.append(UInt8(ascii: ","))
    for _ in 0..<noteBytes { text.append(Self.letters[Int(random.next() >> 58)]) }
    text.append(UInt8(ascii: "\n"))
  }

  private static func digits(_ number: UInt64, _ count: Int, _ text: inout [UInt8]) {
    let start = text.count
    text.append(contentsOf: repeatElement(0, count: count))
    text.withUnsafeMutableBytes { RequestTemplate.write(number, count, $0, start) }
  }

  private func flush(_ text: inout [UInt8], _ file: UnsafeMutablePointer<FILE>) {
    guard fwrite(text, 1, text.count, file) == text.count else { fail("the disk is full") }
    text.removeAll(keepingCapacity: true)
  }
}
