// swift-tools-version: 6.2
// Hindcast's targets in dependency order. There are no package dependencies: the C libraries are the
// distribution's own, through module maps (Sources/C*).
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

func library(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
  name: "hindcast",
  products: [
    .library(name: "Hindcast", targets: ["Hindcast"]),
    .library(name: "HindcastC", type: .dynamic, targets: ["HindcastC"]),
    .executable(name: "hindcast", targets: ["HindcastCLI"]),
  ],
  targets: [
    .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
    .systemLibrary(
      name: "CXxHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CHindcast"),
    library("Rocks", uses: ["CRocksDB"]),
    library("FeatureModel", uses: ["CXxHash"]),
    library("Aggregates", uses: ["FeatureModel"]),
    library("RowFiles", uses: ["FeatureModel", "CZlib"]),
    library("AsOfJoin", uses: ["FeatureModel"]),
    library("SliceStore", uses: ["Rocks", "FeatureModel", "Aggregates"]),
    library(
      "Hindcast", uses: ["SliceStore", "AsOfJoin", "RowFiles", "FeatureModel", "Aggregates"]),
    library("HindcastC", uses: ["Hindcast", "CHindcast"]),
    .executableTarget(
      name: "HindcastCLI", dependencies: ["Hindcast"], swiftSettings: settings),
    .executableTarget(
      name: "StoreBench", dependencies: ["Hindcast", "SliceStore", "Rocks", "FeatureModel"],
      path: "tools/bench/store", swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["FeatureModel"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("RocksTests", uses: ["Rocks"]),
    tests("FeatureModelTests", uses: ["FeatureModel", "Aggregates"]),
    tests("AggregatesTests", uses: ["Aggregates", "FeatureModel"]),
    tests("RowFilesTests", uses: ["RowFiles", "FeatureModel"]),
    tests(
      "ConformanceTests",
      uses: ["Hindcast", "AsOfJoin", "SliceStore", "RowFiles", "FeatureModel"]),
    tests("HindcastTests", uses: ["Hindcast", "SliceStore", "RowFiles", "FeatureModel"]),
    .testTarget(
      name: "HindcastCTests",
      dependencies: ["HindcastC", "Hindcast", "CHindcast", "FeatureModel", "TestSupport"],
      exclude: ["Program"], swiftSettings: settings),
    tests("CommandLineTests", uses: ["FeatureModel"]),
    .target(
      name: "CrashStream",
      dependencies: ["SliceStore", "FeatureModel", "Aggregates", "TestSupport"],
      path: "Tests/CrashStream", swiftSettings: settings),
    .executableTarget(
      name: "CrashWriter", dependencies: ["CrashStream", "SliceStore", "FeatureModel"],
      path: "Tests/CrashWriter", swiftSettings: settings),
    .testTarget(
      name: "SliceStoreTests",
      dependencies: [
        "SliceStore", "FeatureModel", "Aggregates", "Rocks", "TestSupport", "CrashStream",
        "CrashWriter",
      ], exclude: ["Golden"], swiftSettings: settings),
    tests("TidyTests", uses: []),
  ]
)
