// "Did you mean": the nearest valid name for a wrong one, and only where it is near enough to help.

/// Finds the valid name that was probably meant.
public enum Suggestion {
  /// The nearest of the valid names, or nil where none is near. Costs the product of the lengths
  /// for each.
  public static func nearest(to name: String, among valid: [String]) -> String? {
    // What is longer than any name is no slip of the fingers, and comparing it would cost its length.
    guard name.utf8.count <= 256 else { return nil }
    let folded = fold(name)
    var best: (distance: Int, name: String)?
    for candidate in valid {
      let other = fold(candidate)
      // Who stops early has typed what is right so far.
      let isStart = folded.count >= 3 && other.starts(with: folded)
      let distance = isStart ? min(1, other.count - folded.count) : distance(folded, other)
      if distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    // Of one or two letters anything is near to anything.
    let allowed = folded.count < 3 ? 0 : max(1, folded.count / 3)
    guard let best, best.distance <= allowed else { return nil }
    return best.name
  }

  /// What follows a complaint about a wrong name: `; did you mean 'x'?`, or the list of valid
  /// names.
  public static func phrase(for name: String, among valid: [String]) -> String {
    if let near = nearest(to: name, among: valid) { return "; did you mean '\(near)'?" }
    return valid.isEmpty ? "" : "; there \(valid.count == 1 ? "is" : "are") \(list(valid))"
  }

  /// `a, b, c`, cut after twenty.
  public static func list(_ names: [String]) -> String {
    let shown = names.prefix(20).joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
  }

  /// Case, underscores and hyphens are what people mix up without noticing.
  private static func fold(_ name: String) -> [Character] {
    name.lowercased().filter { $0 != "_" && $0 != "-" }
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
      var row = [i + 1]
      for j in right.indices {
        let cost = left[i] == right[j] ? 0 : 1
        var value = min(last[j] + cost, last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          value = min(value, beforeLast[j - 1] + 1)
        }
        row.append(value)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
