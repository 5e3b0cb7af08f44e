// The stream that `CrashWriter` ingests and `CrashTests` ingests again undisturbed: batch n is a function of n.
import Aggregates
import FeatureModel
import SliceStore
import TestSupport

public enum CrashStream {
  private static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)

  public static let stream = try! reader.readStream(
    """
    {"stream": "victims", "eventTime": "at", "arrivalTime": "seen",
     "fields": {"at": "timestamp", "seen": "timestamp", "who": "string", "amount": "double"}}
    """)

  public static let view = try! reader.readView(
    """
    {"view": "amounts", "stream": "victims", "entity": ["who"], "slice": "1h", "features": {
      "{window}_COUNT": {"count": true, "windows": ["1d", "30d"]},
      "{window}_SUM": {"sum": "amount", "windows": ["30d"]},
      "{window}_AMOUNTS": {"distinct": "amount", "windows": ["7d"]}}}
    """, over: stream)

  /// Of no pattern, so that their bytes mean nothing else.
  public static let names = (0..<40).map { number in
    var random = SplitMix64(UInt64(1000 + number))
    return "e" + String(random.next(), radix: 16)
  }
  public static let start = Timestamp(parsing: "2024-01-01")!

  /// - Parameter keepsEvents: in tables whose bytes can be searched.
  public static func open(_ path: String, keepsEvents: Bool = false) throws -> Store {
    var options = StoreOptions()
    options.forgetStepBytes = 4 << 10
    options.compressesTables = !keepsEvents
    let store = try Store.open(at: path, options: options)
    if store.streams.isEmpty {
      try store.register(
        StreamDeclaration(
          name: stream.name, fields: stream.fields, eventTime: stream.eventTime,
          arrivalTime: stream.arrivalTime, id: nil, keep: keepsEvents ? .forever : nil))
    }
    try store.register(view)
    return store
  }

  /// How many batches are stored.
  public static func position(_ store: Store) throws -> Int {
    let view = try store.view(view.name)
    guard let bytes = try store.position(of: "crash", in: view.id) else { return 0 }
    return Int(String(decoding: bytes, as: UTF8.self))!
  }

  public static func position(_ batches: Int) -> SourcePosition {
    SourcePosition(source: "crash", position: Array("\(batches)".utf8))
  }

  public static func batch(_ number: Int) -> EventBatch {
    var random = SplitMix64(UInt64(number))
    var batch = EventBatch(stream)
    for _ in 0..<20 {
      let at = start.milliseconds + Int64(random.below(40 * 86_400_000))
      let lag = random.chance(20) ? Int64(random.below(400_000_000)) : 0
      batch.append([
        .timestamp(Timestamp(milliseconds: at)!), .timestamp(Timestamp(milliseconds: at + lag)!),
        .string(random.pick(names)), .double(Double(random.below(1000)) / 7),
      ])
    }
    return batch
  }
}
