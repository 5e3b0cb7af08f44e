// Clocks, memory, and the rows that the works report: a table for people, JSON lines for the script that
// sets them beside the peers.
import FeatureModel
import Glibc

/// What something cost this process.
struct Cost {
  /// Seconds on the wall.
  var wall = 0.0
  /// Seconds of processor time, of all threads: RocksDB's own too.
  var processor = 0.0

  static func += (left: inout Cost, right: Cost) {
    left.wall += right.wall
    left.processor += right.processor
  }

  static func + (left: Cost, right: Cost) -> Cost {
    var sum = left
    sum += right
    return sum
  }
}

enum Measure {
  /// Seconds since some start; monotonic.
  static var now: Double { seconds(of: CLOCK_MONOTONIC) }

  private static func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func cost(_ body: () throws -> Void) rethrows -> Cost {
    let wall = now
    let processor = seconds(of: CLOCK_PROCESS_CPUTIME_ID)
    try body()
    return Cost(
      wall: now - wall, processor: seconds(of: CLOCK_PROCESS_CPUTIME_ID) - processor)
  }

  /// Peak resident memory of this process so far, in MiB.
  static var peakMiB: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  /// Resident memory of this process now, in MiB.
  static var residentMiB: Int { status("VmRSS") }

  /// The peak since `forgetPeak`, in MiB.
  static var peakSinceMiB: Int { status("VmHWM") }

  /// Starts the peak anew.
  static func forgetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  private static func status(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let words = text.split { $0 == ":" || $0 == " " || $0 == "\t" }
      if words.first == Substring(name), words.count > 1 { return (Int(words[1]) ?? 0) / 1024 }
    }
    return 0
  }

  /// The costs' medians, each figure by itself.
  static func median(_ costs: [Cost]) -> Cost {
    Cost(wall: median(costs.map(\.wall)), processor: median(costs.map(\.processor)))
  }

  /// The middle one; the upper of the two middle ones of an even number.
  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// Prints rows, at once, as a table or as JSON lines.
struct Report {
  let isJSON: Bool

  func header() {
    if isJSON { return }
    line(["work", "rows", "time", "processor", "rate", "peak RSS"], "")
  }

  /// - Parameter figures: what else there is to say, by name (`p50_us`).
  func row(
    _ work: String, rows: Int, _ cost: Cost, _ figures: KeyValuePairs<String, Double> = [:]
  ) {
    if isJSON {
      let members: [(String, JSONValue)] = [
        ("work", .string(work)), ("rows", .int(Int64(rows))), ("wall_s", .double(cost.wall)),
        ("cpu_s", .double(cost.processor)), ("rss_mib", .int(Int64(Measure.peakMiB))),
      ]
      print(JSONValue.object(members + figures.map { ($0.key, .double($0.value)) }).compact)
    } else {
      line(
        [
          work, String(rows), Self.fixed(cost.wall, 2) + " s",
          Self.fixed(cost.processor, 2) + " s",
          cost.wall > 0 ? Self.fixed(Double(rows) / cost.wall / 1e6, 3) + " M/s" : "",
          "\(Measure.peakMiB) MiB",
        ], figures.map { "\($0.key) \(Self.fixed($0.value, 2))" }.joined(separator: ", "))
    }
    fflush(nil)
  }

  private func line(_ cells: [String], _ note: String) {
    let widths = [34, 10, 10, 10, 12, 10]
    let columns = zip(cells, widths).enumerated().map { index, cell in
      let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index == 0 ? cell.0 + space : space + cell.0
    }
    print(columns.joined(separator: "  ") + (note.isEmpty ? "" : "  \(note)"))
  }

  /// A number that is not negative, with some digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(Int64(1)) { product, _ in product * 10 }
    let scaled = Int64((value * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
