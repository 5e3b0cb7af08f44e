// Sizes of memory as people write them: 256MiB, 1GB, 1048576.

package enum ByteSize {
  private static let units: [(name: String, bytes: Int)] = [
    ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("tib", 1 << 40), ("kb", 1000),
    ("mb", 1_000_000), ("gb", 1_000_000_000), ("tb", 1_000_000_000_000), ("b", 1), ("", 1),
  ]

  /// A whole number, then nothing or a unit in any case, with a blank between them or none. Nil for all else
  /// and for what does not fit an Int.
  package static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let rest = text.dropFirst(digits.count)
    let unit = (rest.first == " " ? rest.dropFirst() : rest).lowercased()
    guard let count = Int(digits), let factor = units.first(where: { $0.name == unit })?.bytes
    else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow ? nil : bytes
  }

  /// `256MiB` where that is exact, bytes otherwise.
  package static func text(_ bytes: Int) -> String {
    for (name, factor) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where bytes >= factor && bytes % factor == 0 {
      return "\(bytes / factor)\(name)"
    }
    return "\(bytes)"
  }
}
