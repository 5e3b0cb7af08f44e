// Replies that come in pieces: wherever they are cut, the scanner finds the same ends as the decoder.
import RESP
import Testing

@Suite struct ReplyScannerTests {
  private static let replies = [
    "+OK\r\n", "-ERR no\r\n", ":-12\r\n", ",inf\r\n", ",nan\r\n", "#t\r\n", "_\r\n", "(123\r\n",
    "$0\r\n\r\n", "$-1\r\n", "$5\r\na\r\nb\n\r\n", "*0\r\n", "*-1\r\n", "=6\r\ntxt:hi\r\n",
    "!5\r\nERR x\r\n", "*2\r\n*1\r\n$1\r\nx\r\n%1\r\n+a\r\n_\r\n", "~1\r\n:1\r\n", "%0\r\n",
    ">2\r\n+push\r\n:1\r\n", "|1\r\n+about\r\n*1\r\n:1\r\n*2\r\n:1\r\n:2\r\n",
  ]

  @Test func `Ends are found wherever replies are cut`() throws {
    let bytes = Array(Self.replies.joined().utf8)
    for step in [1, 2, 3, 7, bytes.count] {
      var scanner = ReplyScanner()
      var (start, end) = (0, 0)
      var found: [String] = []
      while end < bytes.count {
        end = min(end + step, bytes.count)
        while start < end,
          let length = try Self.scan(&scanner, bytes[start..<end])
        {
          found.append(String(decoding: bytes[start..<start + length], as: UTF8.self))
          start += length
        }
      }
      #expect(found == Self.replies)
    }
  }

  @Test func `The decoder takes as many bytes`() throws {
    for reply in Self.replies {
      let decoded = try Array(reply.utf8).withUnsafeBytes { try ReplyDecoder.decode($0) }
      #expect(decoded?.length == reply.utf8.count, "\(reply)")
    }
  }

  @Test func `Doubles that are no numbers are read`() throws {
    let text = ",inf\r\n,-inf\r\n,nan\r\n,-0.0\r\n"
    var bytes = Array(text.utf8)[...]
    var doubles: [Double] = []
    while !bytes.isEmpty {
      let (value, length) = try #require(
        try Array(bytes).withUnsafeBytes { try ReplyDecoder.decode($0) })
      guard case .double(let double) = value else {
        Issue.record("\(value)")
        return
      }
      doubles.append(double)
      bytes = bytes.dropFirst(length)
    }
    #expect(doubles[0] == .infinity && doubles[1] == -.infinity && doubles[2].isNaN)
    #expect(doubles[3].bitPattern == (-0.0).bitPattern)
  }

  @Test(arguments: ["$x\r\n", "$-2\r\n", "*\r\n", "*99999999999\r\n", "$1e3\r\n", "%-5\r\n"])
  func `Lengths that are none are refused`(reply: String) {
    var scanner = ReplyScanner()
    #expect(throws: ProtocolError.self) { try Self.scan(&scanner, Array(reply.utf8)[...]) }
  }

  private static func scan(
    _ scanner: inout ReplyScanner, _ bytes: ArraySlice<UInt8>
  ) throws -> Int? {
    try Array(bytes).withUnsafeBytes { try scanner.scan($0) }
  }
}
