// What is written about the commands is what the table says: the reference page and the JSON descriptions.
import FeatureModel
import FeatureServer
import Foundation
import Testing

@Suite("The reference of commands")
struct CommandReferenceTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let isRecording =
    ProcessInfo.processInfo.environment["HINDCAST_RECORD"] == "1"

  @Test("docs/reference/protocol.md is what the table says (HINDCAST_RECORD=1 writes it anew)")
  func page() throws {
    let file = Self.root.appending(path: "docs/reference/protocol.md")
    let page = CommandReference.page
    if Self.isRecording { try page.write(to: file, atomically: true, encoding: .utf8) }
    #expect(try String(contentsOf: file, encoding: .utf8) == page)
    #expect(!page.contains("\n\n\n") && !page.contains(" \n"))
    // Every command of the table can be jumped to.
    let anchors = page.split(separator: "\n").filter { $0.hasPrefix("| [") }
    #expect(anchors.count == CommandID.allCases.count)
    for spec in CommandTable.standard.all { #expect(page.contains("\n## \(spec.fullName)\n")) }
  }

  @Test("schemas/commands has one description for each command, and nothing else")
  func descriptions() throws {
    let folder = Self.root.appending(path: "schemas/commands")
    let descriptions = CommandReference.descriptions
    if Self.isRecording {
      try? FileManager.default.removeItem(at: folder)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (file, text) in descriptions {
        try text.write(to: folder.appending(path: file), atomically: true, encoding: .utf8)
      }
    }
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(found.sorted() == descriptions.map(\.file).sorted())
    for (file, text) in descriptions {
      #expect(try String(contentsOf: folder.appending(path: file), encoding: .utf8) == text)
    }
  }

  @Test("Descriptions are JSON of the shape that Redis's have")
  func shape() throws {
    for (file, text) in CommandReference.descriptions {
      let bytes = Data(text.utf8)
      let object = try #require(
        try JSONSerialization.jsonObject(with: bytes) as? [String: [String: Any]])
      #expect(object.count == 1, "\(file)")
      let (name, members) = try #require(object.first)
      let container = members["container"] as? String
      let whole = ((container.map { $0 + "-" } ?? "") + name).lowercased()
      #expect(whole + ".json" == file)
      for member in ["summary", "complexity", "group", "since", "reply", "example"] {
        #expect(members[member] is String, "\(file): \(member)")
      }
      #expect(members["arity"] is Int && members["role"] != nil, "\(file)")
      for argument in members["arguments"] as? [[String: Any]] ?? [] {
        #expect(Self.isArgument(argument), "\(file): \(argument)")
      }
    }
  }

  private static let types: Set<String> = [
    "string", "integer", "key", "pure-token", "oneof", "block",
  ]

  private static func isArgument(_ members: [String: Any]) -> Bool {
    guard let type = members["type"] as? String, types.contains(type), members["name"] is String
    else { return false }
    if type == "pure-token", !(members["token"] is String) { return false }
    guard type == "oneof" || type == "block" else { return members["arguments"] == nil }
    let parts = members["arguments"] as? [[String: Any]] ?? []
    return parts.count > 1 && parts.allSatisfy(isArgument)
  }
}
