// Clock, memory and table of the benchmarks.
import Glibc

enum Measure {
  /// Seconds since some start; monotonic.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Time on the wall and time of processors; the second says more where a machine is shared.
  struct Spent {
    var wall = 0.0
    var processor = 0.0

    static func + (left: Spent, right: Spent) -> Spent {
      Spent(wall: left.wall + right.wall, processor: left.processor + right.processor)
    }
  }

  static func spent(_ body: () throws -> Void) rethrows -> Spent {
    let start = now
    let processor = processorSeconds
    try body()
    return Spent(wall: now - start, processor: processorSeconds - processor)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Peak resident memory of this process so far, in MiB.
  static var peakMiB: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  static func row(_ work: String, _ amount: Int, _ spent: Spent, _ note: String = "") {
    let rate = Double(amount) / spent.wall
    let columns = [
      pad(work, 44), pad(String(amount), 12, right: true),
      pad(fixed(spent.wall, 2) + " s", 10, right: true),
      pad(fixed(spent.processor, 2) + " s", 10, right: true),
      pad(fixed(rate / 1e6, 3) + " M/s", 12, right: true), pad("\(peakMiB) MiB", 10, right: true),
    ]
    print(columns.joined(separator: "  ") + (note.isEmpty ? "" : "  \(note)"))
  }

  static func header() {
    let columns = [
      pad("work", 44), pad("rows", 12, right: true), pad("time", 10, right: true),
      pad("CPU", 10, right: true),
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
