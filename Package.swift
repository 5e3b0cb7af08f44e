// swift-tools-version: 6.2
// Hindcast's targets in dependency order. There are no package dependencies: the C libraries are the
// distribution's own, through module maps (Sources/C*).
import Foundation
import PackageDescription

/// TLS is built where OpenSSL's headers are; HINDCAST_TLS=off leaves it out all the same.
let hasTLS =
  Context.environment["HINDCAST_TLS"] != "off"
  && FileManager.default.fileExists(atPath: "/usr/include/openssl/ssl.h")
let openSSL: [Target.Dependency] = hasTLS ? ["COpenSSL"] : []

let settings: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
  + (hasTLS ? [.define("TLS")] : [])

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
    .systemLibrary(name: "CLinux"),
    library("Rocks", uses: ["CRocksDB"]),
    library("FeatureModel", uses: ["CXxHash"]),
    library("Aggregates", uses: ["FeatureModel"]),
    library("RowFiles", uses: ["FeatureModel", "CZlib"]),
    library("AsOfJoin", uses: ["FeatureModel"]),
    library("RESP", uses: ["FeatureModel"]),
    library("SliceStore", uses: ["Rocks", "FeatureModel", "Aggregates"]),
    library(
      "Hindcast",
      uses: ["SliceStore", "AsOfJoin", "RowFiles", "RESP", "FeatureModel", "Aggregates"]),
    library("Monitoring", uses: ["Hindcast", "SliceStore", "RESP", "FeatureModel"]),
    library("HindcastC", uses: ["Hindcast", "Monitoring", "CHindcast"]),
    library(
      "FeatureServer",
      uses: ["Hindcast", "Monitoring", "SliceStore", "RowFiles", "RESP", "FeatureModel", "CLinux"]
        + openSSL),
    .executableTarget(
      name: "HindcastCLI", dependencies: ["Hindcast", "FeatureServer", "Monitoring"],
      swiftSettings: settings),
    .target(name: "BenchSupport", path: "tools/bench/support", swiftSettings: settings),
    .executableTarget(
      name: "StoreBench",
      dependencies: ["BenchSupport", "Hindcast", "SliceStore", "Rocks", "FeatureModel"],
      path: "tools/bench/store", swiftSettings: settings),
    .executableTarget(
      name: "ServeBench", dependencies: ["BenchSupport", "CLinux"], path: "tools/bench/serve/load",
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["FeatureModel"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("RocksTests", uses: ["Rocks"]),
    tests("FeatureModelTests", uses: ["FeatureModel", "Aggregates"]),
    tests("AggregatesTests", uses: ["Aggregates", "FeatureModel"]),
    tests("RowFilesTests", uses: ["RowFiles", "FeatureModel"]),
    tests(
      "ConformanceTests",
      uses: ["FeatureServer", "Hindcast", "AsOfJoin", "SliceStore", "RowFiles", "FeatureModel"]),
    tests("HindcastTests", uses: ["Hindcast", "SliceStore", "RowFiles", "FeatureModel"]),
    .testTarget(
      name: "HindcastCTests",
      dependencies: ["HindcastC", "Hindcast", "CHindcast", "FeatureModel", "TestSupport"],
      exclude: ["Program"], swiftSettings: settings),
    .executableTarget(
      name: "MailPlugin", dependencies: ["Hindcast"], path: "Tests/MailPlugin",
      swiftSettings: settings),
    tests(
      "CommandLineTests", uses: ["FeatureModel", "Hindcast", "Monitoring", "RESP", "MailPlugin"]),
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
    tests("RESPTests", uses: ["RESP", "FeatureModel"]),
    tests("MonitoringTests", uses: ["Monitoring", "Hindcast", "RESP", "FeatureModel"]),
    tests(
      "FeatureServerTests",
      uses: ["FeatureServer", "Monitoring", "Hindcast", "SliceStore", "RESP", "FeatureModel"]),
    tests("TidyTests", uses: []),
  ]
    + (hasTLS
      ? [
        .systemLibrary(
          name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])])
      ] : [])
)
