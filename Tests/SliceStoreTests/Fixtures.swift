// Declarations that several tests share, read from JSON as users write them.
import Aggregates
import FeatureModel
import SliceStore

enum Fixture {
  static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)

  static let stream = try! reader.readStream(
    """
    {"stream": "mails", "eventTime": "at", "arrivalTime": "seen",
     "fields": {"at": "timestamp", "seen": "timestamp", "sender": "string", "bytes": "int",
       "score": "double", "subject": "string", "flag": "bool"}}
    """)

  static func view(_ text: String, over stream: StreamDeclaration = stream) -> ViewDeclaration {
    try! reader.readView(text, over: stream)
  }

  /// Every codec, in blocks of both lengths.
  static let everyCodec = view(
    """
    {"view": "all", "stream": "mails", "entity": ["sender"], "slice": "1d", "features": {
      "COUNT": {"count": true, "windows": ["30d"]},
      "SUM": {"sum": "bytes", "windows": ["30d"]},
      "MEAN": {"mean": "score", "windows": ["30d"]},
      "STDDEV": {"stddev": "score", "windows": ["30d"]},
      "MIN": {"min": "bytes", "windows": ["30d"]},
      "MAX": {"max": "score", "windows": ["30d"]},
      "FIRST": {"first": "flag", "windows": ["30d"]},
      "LAST": {"last": "score", "windows": ["30d"]},
      "MIN_TEXT": {"min": "subject", "windows": ["30d"]},
      "MAX_TEXT": {"max": "subject", "windows": ["30d"]},
      "FIRST_TEXT": {"first": "subject", "windows": ["30d"]},
      "LAST_TEXT": {"last": "subject", "windows": ["30d"]},
      "DISTINCT": {"distinct": "subject", "exactUpTo": 2, "precision": 4, "windows": ["30d"]}}}
    """)

  /// The codecs of moments, lists, sketches and tallies.
  static let furtherCodecs = view(
    """
    {"view": "further", "stream": "mails", "entity": ["sender"], "features": {
      "{window}_SKEW": {"skew": "score", "windows": ["30d"]},
      "{window}_FIRST": {"firstK": "bytes", "k": 2, "windows": ["30d"]},
      "{window}_LARGEST": {"largestK": "score", "k": 2, "windows": ["30d"]},
      "{window}_SMALLEST": {"smallestK": "subject", "k": 2, "windows": ["30d"]},
      "{window}_LAST": {"lastK": "subject", "k": 2, "windows": ["30d"]},
      "{window}_P90": {"quantile": "score", "permille": 900, "windows": ["30d"]},
      "{window}_TOP_BYTES": {"topK": "bytes", "k": 2, "keep": 3, "windows": ["30d"]},
      "{window}_TOP": {"topK": "subject", "k": 2, "keep": 3, "windows": ["30d"]},
      "{window}_RATIO": {"distinctRatio": "subject", "windows": ["30d"]},
      "{window}_AGE": {"sinceLast": true, "windows": ["30d"]}}}
    """)

  static let counts = view(
    """
    {"view": "counts", "stream": "mails", "entity": ["sender"], "slice": "1d", "features": {
      "{window}_COUNT": {"count": true, "windows": ["1d", "30d", "400d"]},
      "{window}_SUBJECTS": {"distinct": "subject", "windows": ["7d"]}}}
    """)

  /// One event; `seen` nil where it arrives on time.
  static func row(
    _ at: Timestamp, seen: Timestamp? = nil, _ sender: String, bytes: Int64? = 1,
    score: Double? = 0.5, subject: String? = "s", flag: Bool? = nil
  ) -> [Value] {
    [
      .timestamp(at), seen.map { .timestamp($0) } ?? .null, .string(sender),
      bytes.map { .int($0) } ?? .null, score.map { .double($0) } ?? .null,
      subject.map { .string($0) } ?? .null, flag.map { .bool($0) } ?? .null,
    ]
  }

  static func batch(_ rows: [[Value]], _ stream: StreamDeclaration = stream) -> EventBatch {
    var batch = EventBatch(stream)
    for row in rows { batch.append(row) }
    return batch
  }
}
