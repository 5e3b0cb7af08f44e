// The command line of one command: positional words, `--name value` or `--name=value`, and flags. What a
// command accepts is a table, so that help and errors come from the same place as the parsing.

/// A wrong use of the command line; the text says what is right.
struct UsageError: Error, CustomStringConvertible {
  let description: String
}

/// One option of a command.
struct Option {
  let name: String
  /// What stands for the value in the help text; nil for a flag.
  let value: String?
  let help: String
  let isRepeatable: Bool

  init(_ name: String, _ value: String, repeats: Bool = false, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
    isRepeatable = repeats
  }

  init(flag name: String, _ help: String) {
    self.name = name
    value = nil
    self.help = help
    isRepeatable = false
  }
}

/// The words of a command line, checked against a command's options.
struct Arguments {
  private(set) var positional: [String] = []
  private var values: [String: [String]] = [:]

  /// `-` alone is a word, as are negative numbers (times before 1970) and everything behind `--`.
  init(_ words: [String], options: [Option]) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        positional += rest
        break
      }
      guard word.hasPrefix("-"), word != "-", Int64(word) == nil else {
        positional.append(word)
        continue
      }
      try take(word == "-o" ? "--output" : word, &rest, options)
    }
  }

  private mutating func take(
    _ word: String, _ rest: inout ArraySlice<String>, _ options: [Option]
  ) throws(UsageError) {
    let name = String(word.drop { $0 == "-" }.prefix { $0 != "=" })
    guard word.hasPrefix("--"), let option = options.first(where: { $0.name == name }) else {
      let known = options.map { "--\($0.name)" } + ["--help"]
      throw UsageError(
        description: "there is no option '\(word)'" + hint(word, known)
          + " (a word that begins with - goes behind --)")
    }
    let inline = word.contains("=") ? String(word.drop { $0 != "=" }.dropFirst()) : nil
    if option.value == nil {
      guard inline == nil else { throw UsageError(description: "--\(name) takes no value") }
      values[name] = [""]
      return
    }
    guard let value = inline ?? rest.popFirst() else {
      throw UsageError(description: "--\(name) needs a value: --\(name) \(option.value!)")
    }
    guard option.isRepeatable || values[name] == nil else {
      throw UsageError(description: "--\(name) is given twice")
    }
    values[name, default: []].append(value)
  }

  /// Whether `words` ask for help; not behind `--`.
  static func askForHelp(_ words: [String]) -> Bool {
    words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
  }

  subscript(name: String) -> String? { values[name]?.last }
  func all(_ name: String) -> [String] { values[name] ?? [] }
  func has(_ name: String) -> Bool { values[name] != nil }
}
