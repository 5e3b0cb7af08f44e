public enum NearestName { public static func of(_ a: String, among: [String]) -> String? { nil } }
public enum CanonicalForm { public static func text(of: StreamDeclaration) -> String { "" }
 public static func text(of: ViewDeclaration) -> String { "" }
 public static func digest(of: StreamDeclaration) -> String { "" }
 public static func digest(of: ViewDeclaration) -> String { "" } }
public struct DeclarationDiff { public init(from: StreamDeclaration, to: StreamDeclaration) {}; public init(from: ViewDeclaration, to: ViewDeclaration) {}
 public var isIdentical: Bool { true }; public var keepsMeaning: Bool { true }; public var lines: [String] { [] } }
public struct FilterEvaluator { public init(_ f: Filter) {}; public func select(_ b: EventBatch, into: inout [UInt8]) {} }
