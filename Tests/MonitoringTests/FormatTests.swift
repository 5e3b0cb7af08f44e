// The bytes of a served log, as docs/served-log.md shows them: who changes one changes the format's number.
import FeatureModel
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct FormatTests {
  @Test func `A segment has the bytes that the page says`() throws {
    try withTemporaryDirectory { folder in
      var options = ServedLogOptions(folder: folder + "/served")
      options.oneIn = 7
      let recorder = try ServedLog(options).recorder()
      let question = recorder.question(
        ServedQuestion(
          view: "v", features: ["f", "é"], shape: .values, version: .resp3,
          digest: Digest(high: 1, low: 2)))
      let time = Timestamp(milliseconds: 1000)!
      let reply = Array("*2\r\n:1\r\n_\r\n".utf8)
      reply.withUnsafeBytes { reply in
        Array("ann".utf8).withUnsafeBytes {
          recorder.record(at: time, question: question, entity: $0, reply: reply)
        }
        recorder.record(at: time, question: question, entity: nil, reply: reply)
      }
      recorder.note("repaired", at: time)
      recorder.close()
      let path = folder + "/served/served-0000000001-0.log"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let pieces = [32, 51, 43, 36, 29]
      #expect(bytes.count == pieces.reduce(0, +))
      var rest = bytes[...]
      let shown = pieces.map { length -> String in
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length).map { byte in
          (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
      }
      #expect(shown == Self.golden)
    }
  }

  /// Made by an independent program from the page.
  private static let golden: [String] = [
    "484353455256454401000000070000000100000000000000c1d3b9536ad98c04",
    "d74bebe9cff31313260000000100000000030301000000000000000200000000000000010000007601000000"
      + "6602000000c3a9",
    "ea5f68ccedf931741e00000002e8030000000000000000000003000000616e6e2a320d0a3a310d0a5f0d0a",
    "64f54748292f56221700000003e803000000000000000000002a320d0a3a310d0a5f0d0a",
    "400ae347fb7563661000000004e8030000000000007265706169726564",
  ]
}
