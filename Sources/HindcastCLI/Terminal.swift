// What people see: tables, one-line complaints, and a progress line that only a terminal gets.
@preconcurrency import Glibc
import Hindcast

enum Terminal {
  static func complain(_ text: String) { write("hindcast: \(text)\n") }

  /// To standard error.
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Hands over what was printed. Throws where it cannot be written: an answer that got lost must not look
  /// like success.
  static func flush() throws(RowFileError) {
    errno = 0
    if fflush(stdout) != 0 || ferror(stdout) != 0 {
      throw RowFileError(path: "-", problem: .cannotWrite(errno: errno == 0 ? EPIPE : errno))
    }
  }

  static var isInteractive: Bool { isatty(STDERR_FILENO) != 0 }

  /// Prints rows under a header; numbers to the right.
  static func table(_ header: [String], _ rows: [[String]], right: Set<Int> = []) {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    for row in all {
      let cells = row.indices.map { row[$0].padded(to: widths[$0], right: right.contains($0)) }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      print(line)
    }
  }

  /// `12 345 678`: groups of three.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(" ") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  static func bytes(_ count: Int) -> String {
    if count < 10_000 { return "\(count) B" }
    if count < 10_000_000 { return "\(count / 1000) kB" }
    return "\(count / 1_000_000) MB"
  }
}

/// `events  41 % ██████░░░░  2 310 000 rows  1.10 M rows/s  3 s left`, redrawn in place a few times a second.
final class ProgressLine: @unchecked Sendable {
  // Unchecked: guarded by `lock`; callers are the workers of one run.
  private let what: String
  private let started = ProgressLine.now
  private var drawn = 0.0
  private var lock = pthread_mutex_t()
  private let isOn = Terminal.isInteractive

  init(_ what: String) {
    self.what = what
    pthread_mutex_init(&lock, nil)
  }

  deinit { pthread_mutex_destroy(&lock) }

  func update(rows: Int, fraction: Double?) {
    guard isOn else { return }
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    let now = Self.now
    guard now - drawn > 0.1 else { return }
    drawn = now
    let seconds = max(now - started, 0.001)
    var line = "\r\u{1B}[K\(what)  "
    if let fraction {
      let filled = Int(min(1, max(0, fraction)) * 20)
      line += String(Int(fraction * 100)).padded(to: 3, right: true) + " % "
      line += String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
    }
    line += "  \(Terminal.grouped(rows)) rows  \(Self.rate(Double(rows) / seconds))"
    if let fraction, fraction > 0.01 {
      line += "  \(Int(seconds / fraction * (1 - fraction)) + 1) s left"
    }
    Terminal.write(line)
  }

  /// Takes the line away.
  func finish() {
    if isOn { Terminal.write("\r\u{1B}[K") }
  }

  var seconds: Double { max(Self.now - started, 0.001) }

  static func rate(_ rowsPerSecond: Double) -> String {
    let hundredths = Int(rowsPerSecond / 10_000)
    if rowsPerSecond < 10_000 { return "\(Int(rowsPerSecond)) rows/s" }
    return
      "\(hundredths / 100).\(String(hundredths % 100).padded(to: 2, right: true).map { $0 == " " ? "0" : String($0) }.joined()) M rows/s"
  }

  private static var now: Double { Double(SteadyClock.now) * 1e-9 }
}
