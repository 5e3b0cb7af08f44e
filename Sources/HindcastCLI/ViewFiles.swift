// The texts that `hindcast new-view` writes. tools/test/plugins/run builds the package, runs its test and
// compares its answers with those of the declaration file.
import Hindcast

enum ViewFiles {
  static func declaration(_ shape: ViewShape) -> [(path: String, text: String)] {
    [("\(shape.name).json", json(shape)), ("sample.csv", sample(shape))]
  }

  static func package(
    _ shape: ViewShape, _ dependency: (text: String, name: String)
  ) -> [(path: String, text: String)] {
    [
      ("Package.swift", manifest(shape, dependency)),
      ("README.md", readme(shape)),
      ("Sources/\(shape.type)/\(shape.type).swift", view(shape)),
      ("Sources/Plugin/Plugin.swift", plugin(shape)),
      ("Tests/\(shape.type)Tests/\(shape.type)Tests.swift", test(shape)),
      ("sample.csv", sample(shape)),
    ]
  }

  /// Made here, so that no line of this file is one that imports.
  private static func imports(_ modules: String...) -> String {
    modules.sorted().map { "import \($0)" }.joined(separator: "\n")
  }

  private static func sample(_ shape: ViewShape) -> String {
    let rows = shape.sample.map { $0.values.joined(separator: ",") }
    return ([shape.fields.map(\.name).joined(separator: ",")] + rows)
      .joined(separator: "\n") + "\n"
  }

  private static func json(_ shape: ViewShape) -> String {
    let features = shape.features.map { feature in
      let field = feature.field.map { "\"\($0.name)\"" } ?? "true"
      let windows = feature.days.map { "\"\($0)d\"" }.joined(separator: ", ")
      return
        #"      "{window}_\#(feature.name)": { "\#(feature.function)": \#(field), "windows": [\#(windows)] }"#
    }
    let fields = shape.fields.map { #""\#($0.name)": "\#($0.type.rawValue)""# }
    return """
      // \(shape.type): what is known of one \(shape.entity.name) before an event.
      //   hindcast check \(shape.name).json --sample sample.csv
      [
        {
          "stream": "\(shape.stream)",
          "fields": { \(fields.joined(separator: ", ")) },
          "eventTime": "\(shape.eventTime.name)"
        },
        {
          "view": "\(shape.name)",
          "stream": "\(shape.stream)",
          "entity": ["\(shape.entity.name)"],
          "slice": "1d",
          "features": {
      \(features.joined(separator: ",\n"))
          }
        }
      ]

      """
  }

  private static func manifest(
    _ shape: ViewShape, _ dependency: (text: String, name: String)
  ) -> String {
    """
    // swift-tools-version: 6.2
    // The view \(shape.name): a library for programs that score, and a plugin for `hindcast`.
    \(imports("PackageDescription"))

    let hindcast: Target.Dependency = .product(name: "Hindcast", package: "\(dependency.name)")

    let package = Package(
      name: "\(shape.name)",
      products: [
        .library(name: "\(shape.type)", targets: ["\(shape.type)"]),
        .executable(name: "\(shape.name)", targets: ["Plugin"]),
      ],
      dependencies: [\(dependency.text)],
      targets: [
        .target(name: "\(shape.type)", dependencies: [hindcast]),
        .executableTarget(name: "Plugin", dependencies: ["\(shape.type)", hindcast]),
        .testTarget(name: "\(shape.type)Tests", dependencies: ["\(shape.type)", hindcast]),
      ]
    )

    """
  }

  private static func plugin(_ shape: ViewShape) -> String {
    """
    // The program that `hindcast` takes in the place of a declaration file.
    \(imports("Hindcast", shape.type))

    @main
    struct Plugin: FeaturePlugin {
      static var views: [any FeatureView.Type] { [\(shape.type).self] }
    }

    """
  }

  private static func view(_ shape: ViewShape) -> String {
    let properties = shape.fields.map { field in
      field.name == shape.eventTime.name
        ? "  public var \(field.property) = Timestamp(milliseconds: 0)!"
        : "  public var \(field.property): \(swift(field.type))?"
    }
    let fields = shape.fields.map { field in
      let maker = field.name == shape.eventTime.name ? "Field.eventTime" : "Field"
      return #"    \#(maker)("\#(field.name)", \.\#(field.property))"#
    }
    let features = shape.features.map { feature in
      let function = feature.function.prefix(1).uppercased() + feature.function.dropFirst()
      let field = feature.field.map { ", of: \\.\($0.property)" } ?? ""
      let windows = feature.days.map { ".days(\($0))" }.joined(separator: ", ")
      return #"    \#(function)("\#(feature.name)"\#(field)).over(\#(windows))"#
    }
    return """
      // What is known of one \(shape.entity.name) before an event.
      \(imports("Hindcast"))

      /// An event of the stream `\(shape.stream)`. What is optional may be missing.
      public struct \(shape.type)Event: Sendable {
      \(properties.joined(separator: "\n"))
        /// Filled by `hydrate`.
        public var priorCount: Int64?

        public init() {}

        public static let stream = EventStream("\(shape.stream)", blank: \(shape.type)Event()) {
      \(fields.joined(separator: "\n"))
        }
      }

      public enum \(shape.type): FeatureView {
        public static let name = "\(shape.name)"
        public static let stream = \(shape.type)Event.stream
        public static let entity = Entity(\\\(shape.type)Event.\(shape.entity.property))

        public static var features: [Feature<\(shape.type)Event>] {
      \(features.joined(separator: "\n"))
        }

        /// Puts the features onto an event, for a program that scores it.
        public static func hydrate(_ event: inout \(shape.type)Event, with values: FeatureValues) {
          event.priorCount = values.int("30d_EVENT_COUNT")
        }
      }

      """
  }

  private static func swift(_ type: FieldType) -> String {
    switch type {
    case .int: "Int"
    case .double: "Double"
    case .string: "String"
    case .bool: "Bool"
    case .timestamp: "Timestamp"
    }
  }

  private static func literal(_ type: FieldType) -> String {
    let text = ViewShape.example(type, second: false)
    return switch type {
    case .string: "\"\(text)\""
    case .timestamp: "Timestamp(parsing: \"\(text)\")!"
    default: text
    }
  }

  private static func test(_ shape: ViewShape) -> String {
    let values = shape.fields.map { field in
      field.name == shape.eventTime.name
        ? "    event.\(field.property) = Timestamp(parsing: \"2026-01-0\\(day)T10:00:00Z\")!"
        : "    event.\(field.property) = \(literal(field.type))"
    }
    return """
      // What the view counts, on events that are small enough to count by hand.
      \(imports("Foundation", "Hindcast", "Testing", shape.type))

      @Suite struct \(shape.type)Tests {
        private func event(day: Int) -> \(shape.type)Event {
          var event = \(shape.type)Event()
      \(values.joined(separator: "\n"))
          return event
        }

        @Test func `The view counts what happened before, and finds nothing suspicious`() throws {
          let checked = try FeatureStore.check(\(shape.type).self, on: (1...3).map(event))
          #expect(checked.warnings.isEmpty)
          let names = checked.view.features.map(\\.name)
          let values = Dictionary(uniqueKeysWithValues: zip(names, checked.answers[0].values))
          #expect(values["7d_EVENT_COUNT"] == .int(3))
        }

        @Test func `An event gets the count of the days before it`() throws {
          let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
          defer { try? FileManager.default.removeItem(at: folder) }
          let store = try FeatureStore.open(folder.path, .create)
          try store.register(\(shape.type).self)
          try store.ingest((1...3).map(event), for: \(shape.type).self, source: "test")
          var events = [event(day: 3), event(day: 9)]
          try store.hydrate(&events, with: \(shape.type).self)
          #expect(events.map(\\.priorCount) == [2, 3])
        }
      }

      """
  }

  private static func readme(_ shape: ViewShape) -> String {
    """
    # \(shape.name)

    What is known of one `\(shape.entity.name)` before an event: a feature view for Hindcast, in Swift.
    The view is Sources/\(shape.type)/\(shape.type).swift; edit its events, entity and features.

        swift test                                   # what it counts
        swift build -c release                       # the plugin: .build/release/\(shape.name)
        hindcast check .build/release/\(shape.name) --sample sample.csv
        hindcast register ./store .build/release/\(shape.name)
        hindcast ingest ./store \(shape.stream) sample.csv
        hindcast get ./store \(shape.name) \(ViewShape.example(shape.entity.type, second: false)) --as-of 2026-01-07

    A field that is computed, such as the domain of an address, is a line of the stream:

        Derived("domain") { (event: \(shape.type)Event) in ... }

    and files are then ingested with `--plugin .build/release/\(shape.name)`, which fills it in. Hindcast's own
    docs/plugins.md tells the rest.

    """
  }
}
