// Values of settings: numbers, sizes, choices and texts, read through `DeclarationNode`, which notes mistakes.
import FeatureModel

extension DeclarationNode {
  /// Flags say `none` where a file says `null`.
  var isFlag: Bool { path.hasPrefix("--") }

  var isNull: Bool { value.content == .null }

  func whole(_ range: ClosedRange<Int>, orNull: Bool = false) -> Int? {
    if case .int(let number) = value.content, let number = Int(exactly: number),
      range.contains(number)
    {
      return number
    }
    let other = orNull ? " or \(isFlag ? "none" : "null")" : ""
    report(
      "a whole number from \(range.lowerBound) to \(range.upperBound)\(other) expected, not "
        + shown)
    return nil
  }

  func byteSize(_ range: ClosedRange<Int>) -> Int? {
    var bytes: Int?
    switch value.content {
    case .int(let number): bytes = Int(exactly: number)
    case .string(let text): bytes = ByteSize.parse(text)
    default: break
    }
    guard let bytes else {
      report("a size expected, as in 268435456, '256MiB' or '1GB', not \(shown)")
      return nil
    }
    if range.contains(bytes) { return bytes }
    report(
      "a size from \(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound)) "
        + "expected, not \(shown)")
    return nil
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    let all = "one of \(names.joined(separator: ", "))"
    guard let name = string(all) else { return nil }
    if let choice = Choice(rawValue: name) { return choice }
    let near = Suggestion.nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
    report("\(all) expected, not '\(name)'\(near)")
    return nil
  }

  /// A path of the file system; neither empty nor with a zero byte, where C would end it.
  func filePath(_ meaning: String) -> String? {
    guard let path = string(meaning) else { return nil }
    if !path.isEmpty, !path.utf8.contains(0) { return path }
    report("\(meaning) expected, not \(shown)")
    return nil
  }

  /// `"700"`: text, because JSON has no octal numbers.
  func permissions() -> UInt32? {
    guard let text = string(#"permissions in octal digits, as in "770","#) else { return nil }
    let isOctal = (3...4).contains(text.utf8.count)
    if isOctal, let mode = UInt32(text, radix: 8), mode <= 0o777 { return mode }
    report(#"permissions are three octal digits, as in "770", not '\#(text)'"#)
    return nil
  }

  /// The value as it stands, if it is short.
  private var shown: String {
    switch value.content {
    case .array, .object: value.kindName
    case .null where isFlag: "none"
    default: value.compact.count <= 40 ? value.compact : value.kindName
    }
  }
}
