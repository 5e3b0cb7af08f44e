// The words that a plugin is asked in: positional ones, and a handful of options with a value each.
import RowFiles

struct PluginArguments {
  struct Mistake: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  private(set) var words: [String] = []
  private(set) var isJSON = false
  /// Of a file, to be read at least; all where nothing is said.
  private(set) var bytes = Int.max
  private var values: [String: String] = [:]

  init(_ words: [String]) throws(Mistake) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--"), word != "--help" else {
        self.words.append(word)
        continue
      }
      if word == "--json" {
        isJSON = true
        continue
      }
      let name = String(word.dropFirst(2))
      guard ["format", "source", "rejects", "bytes"].contains(name) else {
        throw Mistake("there is no option '\(word)'")
      }
      guard let value = rest.popFirst() else { throw Mistake("\(word) needs a value") }
      values[name] = value
    }
    if let text = values["bytes"] {
      guard let count = Int(text), count > 0 else {
        throw Mistake("--bytes takes a number from 1 on")
      }
      bytes = count
    }
  }

  subscript(name: String) -> String? { values[name] }

  func format() throws(Mistake) -> RowFormat? {
    guard let text = values["format"] else { return nil }
    guard let format = RowFormat(rawValue: text) else {
      throw Mistake("--format: '\(text)' is no format; write csv or jsonl")
    }
    return format
  }
}
