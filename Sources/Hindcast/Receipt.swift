// A receipt: what it takes to make a training set again, byte for byte, whatever has arrived since. Writing
// one moves the seals of the streams to its k, so that nothing can arrive below it any more.
import FeatureModel
import RowFiles
import SliceStore

/// The record of one join.
public struct Receipt: Sendable {
  /// The instant up to which knowledge went into the answers.
  public var known: Timestamp
  public var mode: Mode
  public var time: String
  public var keys: [String: String]
  public var views: [View]
  /// The sets of which members are computed; of others the features stand among `views`.
  public var sets: [Vector]
  public var seals: [String: Timestamp]
  public var rows: Int
  public var spineDigest: Digest
  public var answerDigest: Digest
  public var outputFormat: String

  /// One selection of the request, with all of its features named.
  public struct View: Sendable {
    public var selection: FeatureSelection
    public var digest: Digest
  }

  /// A set of the request, and what the views meant that it reads.
  public struct Vector: Sendable {
    public var set: FeatureSet
    public var views: [String: Digest]
  }

  /// What was known to a row.
  public enum Mode: Hashable, Sendable {
    /// What was known at its own time.
    case asServed
    /// What was known at the receipt's k.
    case knownAt
    /// What was known at the instant in this column of the spine.
    case knownPerRow(String)

    init(_ request: JoinRequest) {
      self =
        if let column = request.knownColumn { .knownPerRow(column) } else {
          request.mode == .asServed ? .asServed : .knownAt
        }
    }

    func apply(to request: inout JoinRequest, known: Timestamp) {
      switch self {
      case .asServed: request.mode = .asServed
      case .knownAt: request.mode = .knownAt(known)
      case .knownPerRow(let column): request.knownColumn = column
      }
    }

    /// As the member `mode` names it.
    var name: String {
      switch self {
      case .asServed: "as_served"
      case .knownAt: "known_at"
      case .knownPerRow: "known_per_row"
      }
    }
  }
}

extension Receipt {
  public var json: JSONValue {
    .object(
      [
        ("receipt", 1),
        ("mode", .string(mode.name)),
        ("known", .string(known.description)),
        ("time", .string(time)),
        ("keys", .texts(keys)),
        ("views", .array(views.map(\.json))),
      ] + (sets.isEmpty ? [] : [("sets", .array(sets.map(\.json)))]) + [
        ("seals", .texts(seals.mapValues(\.description))),
        ("rows", .int(Int64(rows))),
        ("spine", .string(spineDigest.description)),
        ("answer", .string(answerDigest.description)),
        ("format", .string(outputFormat)),
      ] + mode.columnMember)
  }

  public init(_ json: JSONValue) throws(HindcastError) {
    guard case .int(1) = json["receipt"]?.content else { throw .badReceipt("receipt") }
    guard let known = Timestamp(parsing: try json.text("known")) else { throw .badReceipt("known") }
    self.known = known
    mode = try Mode(json)
    time = try json.text("time")
    keys = try json.texts("keys")
    seals = [:]
    for (stream, seal) in try json.texts("seals") {
      guard let time = Timestamp(parsing: seal) else { throw .badReceipt("seals") }
      seals[stream] = time
    }
    guard case .array(let listed) = json["views"]?.content else { throw .badReceipt("views") }
    views = try listed.map { view throws(HindcastError) in try View(view) }
    sets = []
    if let vectors = json["sets"]?.content {
      guard case .array(let listed) = vectors else { throw .badReceipt("sets") }
      sets = try listed.map { set throws(HindcastError) in try Vector(set) }
    }
    guard case .int(let rows) = json["rows"]?.content else { throw .badReceipt("rows") }
    self.rows = Int(rows)
    spineDigest = try json.digest("spine")
    answerDigest = try json.digest("answer")
    outputFormat = try json.text("format")
    guard RowFormat(rawValue: outputFormat) != nil else { throw .badReceipt("format") }
  }
}

extension Receipt.Mode {
  /// The member that says which column has each row's instant.
  fileprivate var columnMember: [(String, JSONValue)] {
    if case .knownPerRow(let column) = self { [("known_column", .string(column))] } else { [] }
  }

  fileprivate init(_ json: JSONValue) throws(HindcastError) {
    switch try json.text("mode") {
    case Self.asServed.name: self = .asServed
    case Self.knownAt.name: self = .knownAt
    case Self.knownPerRow("").name: self = .knownPerRow(try json.text("known_column"))
    default: throw .badReceipt("mode")
    }
  }
}

extension Receipt.View {
  /// Keys and prefix only where there are any.
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("view", .string(selection.view)), ("digest", .string(digest.description)),
      ("features", .array((selection.features ?? []).map { .string($0) })),
    ]
    if !selection.keys.isEmpty { members.append(("keys", .texts(selection.keys))) }
    if !selection.prefix.isEmpty { members.append(("prefix", .string(selection.prefix))) }
    return .object(members)
  }

  fileprivate init(_ json: JSONValue) throws(HindcastError) {
    guard case .array(let listed) = json["features"]?.content else {
      throw .badReceipt("features")
    }
    let features = try listed.map { feature throws(HindcastError) in
      guard case .string(let name) = feature.content else { throw .badReceipt("features") }
      return name
    }
    selection = FeatureSelection(
      try json.text("view"), features: features,
      keys: json["keys"] == nil ? [:] : try json.texts("keys"),
      prefix: json["prefix"] == nil ? "" : try json.text("prefix"))
    digest = try json.digest("digest")
  }
}

extension Receipt.Vector {
  fileprivate var json: JSONValue {
    .object([
      ("set", CanonicalForm.json(set)), ("views", .texts(views.mapValues(\.description))),
    ])
  }

  fileprivate init(_ json: JSONValue) throws(HindcastError) {
    guard let declared = json["set"] else { throw .badReceipt("set") }
    do { set = try FeatureStore.declarations.readSet(declared.compact) } catch {
      throw .badReceipt("set")
    }
    views = [:]
    for (view, text) in try json.texts("views") {
      guard let digest = Digest(text) else { throw .badReceipt("views") }
      views[view] = digest
    }
  }
}

extension HindcastError {
  fileprivate static func badReceipt(_ member: String) -> HindcastError {
    .refused("not a receipt of this version: member '\(member)' is missing or malformed")
  }
}

extension JSONValue {
  /// An object of texts, by name.
  fileprivate static func texts(_ texts: [String: String]) -> JSONValue {
    .object(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  fileprivate func text(_ name: String) throws(HindcastError) -> String {
    guard case .string(let text) = self[name]?.content else { throw .badReceipt(name) }
    return text
  }

  fileprivate func digest(_ name: String) throws(HindcastError) -> Digest {
    guard let digest = Digest(try text(name)) else { throw .badReceipt(name) }
    return digest
  }

  fileprivate func texts(_ name: String) throws(HindcastError) -> [String: String] {
    guard case .object(let members) = self[name]?.content else { throw .badReceipt(name) }
    var texts: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value.content else { throw .badReceipt(name) }
      texts[member.name] = text
    }
    return texts
  }
}
