// A receipt: what it takes to make a training set again, byte for byte, whatever has arrived since. Writing
// one moves the seals of the streams to its k, so that nothing can arrive below it any more.
import FeatureModel
import RowFiles
import SliceStore

/// The record of one join.
public struct Receipt: Sendable {
  /// The instant up to which knowledge went into the answers.
  public var known: Timestamp
  /// As served (each row at its own time), or known at `known`.
  public var isAsServed: Bool
  public var time: String
  public var keys: [String: String]
  public var views: [View]
  public var seals: [String: Timestamp]
  public var rows: Int
  public var spineDigest: Digest
  public var answerDigest: Digest
  public var outputFormat: String

  public struct View: Sendable {
    public var name: String
    public var digest: Digest
    public var features: [String]
  }
}

extension Receipt {
  public var json: JSONValue {
    .object([
      ("receipt", 1),
      ("mode", .string(isAsServed ? "as_served" : "known_at")),
      ("known", .string(known.description)),
      ("time", .string(time)),
      ("keys", .object(keys.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      (
        "views",
        .array(
          views.map { view in
            .object([
              ("view", .string(view.name)), ("digest", .string(view.digest.description)),
              ("features", .array(view.features.map { .string($0) })),
            ])
          })
      ),
      (
        "seals",
        .object(seals.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.description)) })
      ),
      ("rows", .int(Int64(rows))),
      ("spine", .string(spineDigest.description)),
      ("answer", .string(answerDigest.description)),
      ("format", .string(outputFormat)),
    ])
  }

  public init(_ json: JSONValue) throws(HindcastError) {
    func text(_ name: String, _ value: JSONValue) throws(HindcastError) -> String {
      guard case .string(let text) = value[name]?.content else { throw Self.bad(name) }
      return text
    }
    func digest(_ name: String, _ value: JSONValue) throws(HindcastError) -> Digest {
      guard let digest = Digest(try text(name, value)) else { throw Self.bad(name) }
      return digest
    }
    guard case .int(1) = json["receipt"]?.content else { throw Self.bad("receipt") }
    guard let known = Timestamp(parsing: try text("known", json)) else { throw Self.bad("known") }
    self.known = known
    let mode = try text("mode", json)
    guard mode == "as_served" || mode == "known_at" else { throw Self.bad("mode") }
    isAsServed = mode == "as_served"
    time = try text("time", json)
    keys = try Self.texts("keys", json)
    seals = [:]
    for (stream, seal) in try Self.texts("seals", json) {
      guard let time = Timestamp(parsing: seal) else { throw Self.bad("seals") }
      seals[stream] = time
    }
    guard case .array(let listed) = json["views"]?.content else { throw Self.bad("views") }
    guard case .int(let rows) = json["rows"]?.content else { throw Self.bad("rows") }
    self.rows = Int(rows)
    views = []
    for view in listed {
      guard case .array(let features) = view["features"]?.content else {
        throw Self.bad("features")
      }
      var names: [String] = []
      for feature in features {
        guard case .string(let name) = feature.content else { throw Self.bad("features") }
        names.append(name)
      }
      views.append(
        View(name: try text("view", view), digest: try digest("digest", view), features: names))
    }
    spineDigest = try digest("spine", json)
    answerDigest = try digest("answer", json)
    outputFormat = try text("format", json)
    guard RowFormat(rawValue: outputFormat) != nil else { throw Self.bad("format") }
  }

  private static func texts(_ name: String, _ json: JSONValue) throws(HindcastError) -> [String:
    String]
  {
    guard case .object(let members) = json[name]?.content else { throw bad(name) }
    var texts: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value.content else { throw bad(name) }
      texts[member.name] = text
    }
    return texts
  }

  private static func bad(_ name: String) -> HindcastError {
    .refused("not a receipt of this version: member '\(name)' is missing or malformed")
  }
}
