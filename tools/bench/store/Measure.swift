// Clock, memory and table of the benchmarks.
import Glibc

enum Measure {
  /// Seconds since some start; monotonic.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now
    try body()
    return now - start
  }

  /// Peak resident memory of this process so far, in MiB.
  static var peakMiB: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  static func row(_ work: String, _ amount: Int, _ seconds: Double, _ note: String = "") {
    let rate = Double(amount) / seconds
    let columns = [
      pad(work, 44), pad(String(amount), 12, right: true),
      pad(fixed(seconds, 2) + " s", 10, right: true),
      pad(fixed(rate / 1e6, 3) + " M/s", 12, right: true), pad("\(peakMiB) MiB", 10, right: true),
    ]
    print(columns.joined(separator: "  ") + (note.isEmpty ? "" : "  \(note)"))
  }

  static func header() {
    let columns = [
      pad("work", 44), pad("rows", 12, right: true), pad("time", 10, right: true),
      pad("rate", 12, right: true), pad("peak RSS", 10, right: true),
    ]
    print(columns.joined(separator: "  "))
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((value * scale).rounded())
    if digits == 0 { return String(scaled) }
    let fraction = String(scaled % Int64(scale))
    return "\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count)
      + fraction
  }

  static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return right ? space + text : text + space
  }
}
