// The small rules of the house that a reader should never have to repeat.
import Foundation
import Testing

@Suite struct TidyTests {
  /// Spelled in halves, so that this file does not break its own rule.
  private static let reminders = [
    "TO" + "DO", "FIX" + "ME", "HA" + "CK", "for " + "now", "place" + "holder",
  ]

  private static func files() throws -> [(path: String, text: String)] {
    try ["Sources", "Tests", "tools"].flatMap { try Project.swiftFiles($0) }
  }

  @Test func `Every file opens with a comment that says what it is for`() throws {
    for file in try Self.files() {
      #expect(file.text.hasPrefix("//"), "\(file.path)")
    }
  }

  /// Code as the formatter breaks it; comments, which it leaves alone, may run over by a word.
  @Test func `Lines have at most 100 columns and no blanks at their ends`() throws {
    for file in try Self.files() {
      var isText = false
      for (index, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      {
        #expect(!line.hasSuffix(" "), "\(file.path):\(index + 1)")
        // Literals cannot always be broken.
        if line.contains(String(repeating: "\"", count: 3)) { isText.toggle() }
        if isText || line.contains("\"") { continue }
        let isComment = line.drop { $0 == " " }.hasPrefix("//")
        #expect(line.count <= (isComment ? 112 : 100), "\(file.path):\(index + 1)")
      }
    }
  }

  @Test func `Nothing is left for later`() throws {
    for file in try Self.files() {
      for word in Self.reminders {
        #expect(!file.text.contains(word), "\(file.path) has '\(word)'")
      }
    }
  }

  @Test func `No file is longer than 400 lines`() throws {
    let files = try Self.files()
    #expect(files.count > 50)
    for file in files {
      let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
      #expect(lines <= 400, "\(file.path) has \(lines) lines")
    }
  }
}
