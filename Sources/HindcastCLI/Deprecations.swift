// What is said of deprecated views and features to those who use them: one line on standard error, never among
// the rows.
import Hindcast

enum Deprecations {
  /// - Parameter views: each with the features that are asked for; nil for all.
  static func warn(_ views: [(name: String, features: [String]?)], _ store: Store) {
    var found: [String] = []
    for (name, features) in views {
      guard let view = try? store.view(name).declaration else { continue }
      for (subject, deprecation) in store.deprecations(of: view.name) {
        if let feature = subject.feature, features?.contains(feature) == false { continue }
        let line = "'\(subject)' is \(deprecation.text)"
        if !found.contains(line) { found.append(line) }
      }
    }
    if !found.isEmpty { Terminal.complain(found.joined(separator: "; ")) }
  }

  /// How a view stands, for tables: `silent`, `deprecated`, `beside`, or empty.
  static func state(_ view: RegisteredView, _ store: Store) -> String {
    let name = view.declaration.name
    return store.standing(of: name).word(of: name) ?? ""
  }
}
