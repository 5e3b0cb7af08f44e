// `histogram`: how many values fall into each of some equal steps, and below and above all of them.
import FeatureModel

/// A JSON list of `buckets` + 2 counts: of the values below `from`/`per`, of those in each step of
/// `width`/`per` from there on (its lower bound belongs to it), and of those above. Exact. Null where there
/// are no values.
public enum Histogram: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "histogram",
    summary:
      "JSON list of counts: below from, in each of buckets steps of width, above; from and width "
      + "in units of 1/per. Null if none.",
    accepts: [.int, .double],
    parameters: [
      .init(name: "from", range: -1_000_000_000_000_000...1_000_000_000_000_000, defaultValue: 0),
      .init(name: "width", range: 1...1_000_000_000_000_000, defaultValue: 1),
      .init(name: "buckets", range: 1...1000, defaultValue: 10),
      .init(name: "per", range: 1...1_000_000, defaultValue: 1),
    ], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let type = field(input)
    let first = parameters["from"] ?? 0
    let width = parameters["width"] ?? 1
    let buckets = parameters["buckets"] ?? 10
    let per = parameters["per"] ?? 1
    let scheme = BucketScheme.steps(
      first: first, width: width, per: per, buckets: buckets, isDouble: type == .double)
    // Never joined: no more than these can be occupied.
    let neutral = BucketCounts(scheme, limit: max(8, Int(buckets) + 2))
    let spec = PartialSpec(
      identity: "histogram(\(type.rawValue),\(first),\(width),\(buckets),\(per))", slot: .word,
      width: .wide
    ) { PartialAccumulator(neutral) }
    return AggregatePlan(partials: [spec]) { accumulators in
      let counts = accumulators.partial(0, BucketCounts.self)
      return {
        let occupied = counts.running.settled.buckets
        if occupied.isEmpty { return .null }
        var answer = AnswerText()
        answer.list { answer in
          var place = 0
          for key in 0...buckets + 1 {
            let isOccupied = place < occupied.count && occupied[place].key == key
            answer.append(isOccupied ? occupied[place].count : 0)
            if isOccupied { place += 1 }
          }
        }
        return answer.value
      }
    }
  }
}
