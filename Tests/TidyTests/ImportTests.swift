// Imports point one way: what each target may import is written down here, and nothing else is allowed.
import Foundation
import Testing

enum Project {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// All Swift files of a folder of the project, with their paths from the root.
  static func swiftFiles(_ folder: String) throws -> [(path: String, text: String)] {
    let base = root.appending(path: folder)
    let names = FileManager.default.enumerator(atPath: base.path)
    var files: [(path: String, text: String)] = []
    while let name = names?.nextObject() as? String {
      if name.hasSuffix(".swift"), !name.contains(".build") {
        let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
        files.append((folder + "/" + name, text))
      }
    }
    return files
  }
}

@Suite struct ImportTests {
  /// Targets and what they may import, the platform's own modules apart.
  private static let allowed: [String: Set<String>] = [
    "Rocks": ["CRocksDB"],
    "FeatureModel": ["CXxHash"],
    "Aggregates": ["FeatureModel"],
    "RowFiles": ["FeatureModel", "CZlib"],
    "SliceStore": ["Rocks", "FeatureModel", "Aggregates"],
    "AsOfJoin": ["FeatureModel"],
    "Hindcast": ["SliceStore", "AsOfJoin", "RowFiles", "RESP", "FeatureModel", "Aggregates"],
    "HindcastC": ["Hindcast", "Monitoring", "CHindcast"],
    "RESP": ["FeatureModel"],
    "Monitoring": ["Hindcast", "SliceStore", "RESP", "FeatureModel"],
    "FeatureServer": [
      "Hindcast", "Monitoring", "SliceStore", "RowFiles", "RESP", "FeatureModel", "CLinux",
      "COpenSSL",
    ],
    "HindcastCLI": [
      "Hindcast", "FeatureServer", "Monitoring", "SliceStore", "AsOfJoin", "RowFiles",
      "FeatureModel", "Aggregates",
    ],
  ]
  private static let platform: Set<String> = [
    "Glibc", "Foundation", "Dispatch", "Synchronization", "Swift",
  ]

  @Test func `Every import follows the direction of the architecture`() throws {
    var seen: Set<String> = []
    for file in try Project.swiftFiles("Sources") {
      let target = String(file.path.split(separator: "/")[1])
      guard let allowed = Self.allowed[target] else {
        Issue.record("\(file.path): the target \(target) has no place in the list of this test")
        continue
      }
      seen.insert(target)
      for module in Self.imports(file.text) where !Self.platform.contains(module) {
        #expect(allowed.contains(module), "\(file.path) imports \(module)")
      }
    }
    #expect(seen == Set(Self.allowed.keys))
  }

  @Test func `The three layers without input and output do not touch files or sockets`() throws {
    for target in ["FeatureModel", "Aggregates", "AsOfJoin"] {
      for file in try Project.swiftFiles("Sources/" + target) {
        let imports = Self.imports(file.text)
        #expect(!imports.contains("Foundation"), "\(file.path) imports Foundation")
      }
    }
  }

  @Test func `An import is recognised in all of its spellings`() {
    let text = """
      internal import CRocksDB
      @preconcurrency import Dispatch
      import struct Foundation.URL
        import Rocks // why
      // import Nothing
      let text = "import Nothing"
      """
    #expect(Self.imports(text) == ["CRocksDB", "Dispatch", "Foundation", "Rocks"])
  }

  private static func imports(_ text: String) -> [String] {
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
    return text.split(separator: "\n").compactMap { line in
      var words = line.split(separator: " ").drop {
        $0.hasPrefix("@")
          || ["public", "package", "internal", "fileprivate", "private"].contains($0)
      }
      guard words.popFirst() == "import" else { return nil }
      if let kind = words.first, kinds.contains(kind) { words.removeFirst() }
      return words.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
    }
  }
}
