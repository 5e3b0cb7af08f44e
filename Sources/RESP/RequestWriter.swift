// Commands as bytes, for clients.

public enum RequestWriter {
  /// Appends a command of the given words.
  public static func append(_ words: [String], to bytes: inout [UInt8]) {
    bytes += "*\(words.count)\r\n".utf8
    for word in words {
      bytes += "$\(word.utf8.count)\r\n".utf8
      bytes += word.utf8
      bytes += "\r\n".utf8
    }
  }
}
