// The few pages for those who watch the server, on the same port. One request a connection.
import FeatureModel
import Glibc
import RESP

extension EventLoop {
  private static let headLimit = 16 << 10

  /// - Returns: false where the request is not whole yet.
  func answerHTTP(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let hasBody = !bytes.starts(with: "HEAD ".utf8)
    guard let end = Self.headEnd(bytes) else {
      guard bytes.count > Self.headLimit else { return false }
      respond(
        connection, "431 Request Header Fields Too Large", "the request is too long\n",
        hasBody: hasBody)
      return true
    }
    let line = String(
      decoding: bytes[..<(bytes[..<end].firstIndex(of: 0x0D) ?? end)], as: UTF8.self)
    let words = line.split(separator: " ")
    guard words.count == 3, words[0] == "GET" || words[0] == "HEAD" else {
      // What a page in a browser could be made to send is no business of ours.
      context.log.warning(
        "HTTP that asks for more than a page", ["client": .text(connection.client.peer)])
      respond(connection, "405 Method Not Allowed", "GET and HEAD alone\n", hasBody: hasBody)
      return true
    }
    let path = words[1].split(separator: "?", omittingEmptySubsequences: false)[0]
    answer(connection, String(path), hasBody: hasBody)
    return true
  }

  /// Behind the empty line.
  private static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      let length = end - start
      if start > 0, length == 0 || length == 1 && bytes[start] == 0x0D { return end + 1 }
      start = end + 1
    }
    return nil
  }

  private func answer(_ connection: Connection, _ path: String, hasBody: Bool) {
    switch path {
    case "/metrics":
      respond(
        connection, "200 OK", Metrics.text(context), hasBody: hasBody,
        type: "text/plain; version=0.0.4; charset=utf-8")
    case "/healthz":
      respond(connection, "200 OK", "ok\n", hasBody: hasBody)
    case "/readyz":
      let problem =
        isStopping
        ? "stopping" : context.isReady.load(ordering: .acquiring) ? clockFailure : "starting"
      if let problem {
        respond(connection, "503 Service Unavailable", problem + "\n", hasBody: hasBody)
      } else {
        respond(connection, "200 OK", "ready\n", hasBody: hasBody)
      }
    default:
      respond(
        connection, "404 Not Found", "there are /metrics, /healthz and /readyz\n",
        hasBody: hasBody)
    }
  }

  private func respond(
    _ connection: Connection, _ status: String, _ body: String, hasBody: Bool,
    type: String = "text/plain; charset=utf-8"
  ) {
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
      + "Connection: close\r\n\r\n"
    out.append(raw: Array(head.utf8))
    if hasBody { out.append(raw: Array(body.utf8)) }
    connection.isClosing = true
  }
}
