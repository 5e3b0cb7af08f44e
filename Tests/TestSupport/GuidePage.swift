// The Swift code of a page of the documentation, so that a test can hold it against code that runs.
import Foundation

/// Lines of the page's Swift blocks without their indentation.
/// - Parameter path: from the project's root folder.
public func swiftLines(ofPage path: String) throws -> [String] {
  let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
  let page = try String(contentsOf: root.appending(path: path), encoding: .utf8)
  var lines: [String] = []
  var isCode = false
  for line in page.split(separator: "\n") {
    if line.hasPrefix("```") {
      isCode = line == "```swift"
    } else if isCode {
      lines.append(String(line.trimmingPrefix { $0 == " " }))
    }
  }
  return lines
}
