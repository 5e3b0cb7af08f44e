// What a command is: a name, what it takes, an example that works as it stands, and what it does.
import Hindcast

/// A command of `hindcast`.
protocol Command {
  static var name: String { get }
  static var summary: String { get }
  /// The positional words, `STORE VIEW ENTITY`.
  static var words: String { get }
  static var options: [Option] { get }
  /// What to know beyond the summary; may be empty.
  static var details: String { get }
  static var examples: [String] { get }

  /// - Returns: the exit code.
  static func run(_ arguments: Arguments) throws -> ExitCode
}

/// The exit codes of all commands.
enum ExitCode: Int32 {
  case success = 0
  /// A check found something: a defect, a mismatch, a mistake in a declaration.
  case found = 1
  case usage = 2
  /// A file, row or declaration that can't be used.
  case badInput = 3
  /// The store refused or failed.
  case store = 4

  static let help = """
    exit codes: 0 done · 1 a check found something · 2 wrong use · 3 bad input (file, row, \
    declaration) · 4 the store refused or failed
    """
}

extension Command {
  static var details: String { "" }

  static var help: String {
    var lines = ["\(summary)", "", "usage: hindcast \(name) \(words)"]
    if !options.isEmpty {
      lines += ["", "options:"]
      let names = options.map { "  --\($0.name)" + ($0.value.map { " \($0)" } ?? "") }
      let width = names.map(\.count).max() ?? 0
      for (name, option) in zip(names, options) {
        lines.append(name.padded(to: width + 2) + option.help)
      }
    }
    if !details.isEmpty { lines += ["", details] }
    lines += ["", examples.count == 1 ? "example:" : "examples:"]
    lines += examples.map { "  \($0)" }
    lines += ["", ExitCode.help]
    return lines.joined(separator: "\n")
  }

  /// The positional words, as many as the command needs; `upTo` nil for any number more.
  static func words(
    _ arguments: Arguments, atLeast least: Int, upTo most: Int?
  ) throws(UsageError) -> [String] {
    let given = arguments.positional
    guard given.count >= least, given.count <= most ?? .max else {
      let problem = given.count < least ? "something is missing" : "there is a word too many"
      throw UsageError(description: "\(problem). usage: hindcast \(name) \(words)")
    }
    return given
  }
}

/// `; did you mean 'x'?`, or nothing.
func hint(_ name: String, _ known: [String]) -> String {
  Suggestion.nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
}

extension String {
  func padded(to width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return right ? space + self : self + space
  }
}
