// What can be said of a view before any row is looked at: which windows reach further back than events are
// kept, what its largest partials may take, and what its longest windows cost at a look-up. Every function is
// bounded; this names the bounds that are far away.
import Aggregates
import FeatureModel
import SliceStore

/// Remarks on a declaration that is right.
struct DeclarationAdvice {
  private let view: ViewDeclaration
  /// The stream as the view sees it.
  private let stream: StreamDeclaration
  private let keep: StreamDeclaration.Keeping?
  /// Bytes of the longest text of each field, where a sample has shown some.
  private let longestTexts: [String: Int]

  /// Bytes of one entity's partial in one slice from which on they are told.
  private static let largePartial = 64 << 10
  /// Partials that one look-up merges from which on they are told: narrow ones take a few nanoseconds each,
  /// wide ones a microsecond and more.
  private static let manyNarrow: Int64 = 20_000
  private static let manyWide: Int64 = 1_000
  /// A lifetime reads a block for each such time that an entity has lived.
  private static let shortBlock: Int64 = 60 * 86_400_000

  init(
    _ view: ViewDeclaration, of stream: StreamDeclaration, longestTexts: [String: Int] = [:]
  ) {
    self.view = view
    self.stream = view.scope(of: stream)
    keep = stream.keep
    self.longestTexts = longestTexts
  }

  /// What will be refused one day.
  var warnings: [String] { beyondKept().map { [$0] } ?? [] }

  /// What it costs.
  var notes: [String] {
    var notes: [String] = []
    for aggregation in ViewPlan.stored(view) {
      let features = view.features.filter { $0.aggregation == aggregation }
      if let size = size(aggregation) { notes.append("\(Self.names(features)) \(size)") }
      let isWide = isWide(aggregation)
      notes += features.compactMap { lookUp($0, isWide) }
    }
    return notes
  }

  /// Windows that a view which is built from kept events cannot have whole.
  private func beyondKept() -> String? {
    guard case .milliseconds(let kept) = keep else { return nil }
    let length = view.slice.milliseconds
    let beyond = view.features.filter { feature in
      feature.derivation == nil
        && (feature.window == .lifetime || feature.window.slices > kept / length)
    }
    guard !beyond.isEmpty else { return nil }
    let longest = beyond.max { $0.window.slices < $1.window.slices }!.window
    let wayOut =
      longest == .lifetime
      ? "keep events for ever (\"keep\": true)" : "keep them for \(longest.label)"
    return
      "\(Self.names(beyond)) \(beyond.count == 1 ? "reaches" : "reach") further back than stream "
      + "'\(stream.name)' keeps its events (\(DurationText.text(kept))): where the view is built from kept "
      + "events, it refuses such answers until the windows are full; \(wayOut), or ingest the files"
  }

  /// A feature's window, where a look-up has much to merge.
  private func lookUp(_ feature: FeatureDeclaration, _ isWide: Bool) -> String? {
    let slice = DurationText.text(view.slice.milliseconds)
    let name = "'\(feature.name)'"
    if feature.window == .lifetime {
      let slices = (isWide ? ViewPlan.wideCut : ViewPlan.narrowCut).slicesPerBlock
      let life = Int64(slices) * view.slice.milliseconds
      guard life < Self.shortBlock else { return nil }
      return
        "\(name) reads a block for every \(DurationText.text(life)) of an entity's life (\(slices) slices of "
        + "\(slice)): lifetimes over longer slices cost a look-up less"
    }
    guard feature.window.slices >= (isWide ? Self.manyWide : Self.manyNarrow) else { return nil }
    return
      "\(name) merges up to \(feature.window.slices) \(isWide ? "wide " : "")partials at a look-up (slices of "
      + "\(slice)): a longer slice costs less"
  }

  private func isWide(_ aggregation: Aggregation) -> Bool {
    if aggregation.by != nil { return true }
    guard let function = AggregateCatalog.function(named: aggregation.function) else {
      return false
    }
    let type = aggregation.field.flatMap { stream.index(of: $0) }.map { stream.fields[$0].type }
    return function.plan(input: type, parameters: aggregation.parameters).partials
      .contains { $0.width == .wide }
  }

  /// How large one partial may become, where that is much.
  private func size(_ aggregation: Aggregation) -> String? {
    let given = { Int(aggregation.parameters[$0] ?? 0) }
    let value = bytes(of: aggregation.field)
    let (count, each, limit): (Int, Int, String)
    if let by = aggregation.by {
      (count, each, limit) = (Int(by.limit), bytes(of: by.field) + 8, "limit")
    } else {
      switch aggregation.function {
      case "distinct", "distinctRatio": (count, each, limit) = (given("exactUpTo"), 8, "exactUpTo")
      case "topK", "valueCounts", "mode", "modeRatio", "entropy":
        (count, each, limit) = (given("keep"), value + 8, "keep")
      case "firstK", "lastK": (count, each, limit) = (given("k"), value + 8, "k")
      case "smallestK", "largestK": (count, each, limit) = (given("k"), value, "k")
      case "quantile", "median": (count, each, limit) = (given("maxBuckets"), 6, "maxBuckets")
      default: return nil
      }
    }
    guard count * each >= Self.largePartial else { return nil }
    return
      "may take up to \(count * each / 1024) KiB for one entity and slice (\(limit): \(count), of up to "
      + "\(each) bytes each); a smaller '\(limit)' bounds it closer"
  }

  private func bytes(of field: String?) -> Int { field.flatMap { longestTexts[$0] } ?? 8 }

  /// `'7d_TOP', '30d_TOP'`
  static func names(_ features: [FeatureDeclaration]) -> String {
    let names = features.prefix(4).map { "'\($0.name)'" }.joined(separator: ", ")
    return features.count > 4 ? "\(names) and \(features.count - 4) more" : names
  }
}
