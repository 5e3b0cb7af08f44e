// A store with a stream and two views, as JSON declares them, and requests as the server has them: what the
// tests of look-ups and of ingestion have in common.
import FeatureModel
import FeatureServer
import Hindcast
import RESP
import TestSupport

enum ServerStore {
  static let stream = """
    {"stream": "events", "eventTime": "at",
     "fields": {"at": "timestamp", "who": "string", "site": "int", "size": "int"}}
    """
  static let views = [
    """
    {"view": "people", "stream": "events", "entity": ["who"], "slice": "1h", "features": {
      "COUNT": {"count": true, "windows": ["1000d"]}, "SUM": {"sum": "size", "windows": ["30d"]}}}
    """,
    """
    {"view": "places", "stream": "events", "entity": ["who", "site"], "slice": "1d", "features": {
      "COUNT": {"count": true, "windows": ["30d"]}}}
    """,
  ]

  static func open(
    _ folder: String, _ mode: StoreMode = .create,
    space: @escaping @Sendable () -> DiskSpace? = { nil }
  ) throws -> FeatureStore {
    var options = StoreOptions()
    options.diskSpace = { _ in space() }
    options.cacheBytes = 4 << 20
    return try FeatureStore.open(folder + "/store", mode, options: options)
  }

  /// - Parameter streams: the names of streams that are alike.
  static func make(
    _ folder: String, streams: [String] = ["events"],
    space: @escaping @Sendable () -> DiskSpace? = { nil }
  ) throws -> FeatureStore {
    let store = try open(folder, space: space)
    for name in streams {
      let texts = ([stream] + views).map { text in
        let renamed = text.replacing("\"events\"", with: "\"\(name)\"")
        let own =
          name == "events"
          ? renamed : renamed.replacing("\"view\": \"", with: "\"view\": \"\(name)_")
        return DeclarationText(name: "text", text: Array(own.utf8))
      }
      _ = try store.register(texts)
    }
    return store
  }
}

/// Calls `body` with a request of the given words.
func withWords<Result>(
  _ words: [[UInt8]], _ body: (RequestWords) throws -> Result
) throws -> Result {
  var bytes = Array("*\(words.count)\r\n".utf8)
  for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8) }
  var parser = RequestParser()
  return try bytes.withUnsafeBytes { raw in
    guard case .command(let length) = parser.parse(raw, RequestLimits()) else {
      fatalError("the words of a test are no request")
    }
    return try body(
      RequestWords(
        bytes: parser.source(raw, length: length), arguments: parser.arguments, count: parser.count,
        following: 0))
  }
}

func withWords<Result>(
  _ words: [String], _ body: (RequestWords) throws -> Result
) throws -> Result {
  try withWords(words.map { Array($0.utf8) }, body)
}

/// The text of the refusal; nil where nothing was refused.
func refusal(_ body: () throws -> Void) rethrows -> String? {
  do {
    try body()
    return nil
  } catch let error as LookupError { return error.text }
}
