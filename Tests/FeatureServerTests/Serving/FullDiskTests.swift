// A disk without space: events are refused with a reason and nothing overtakes them, answers go on, also
// past the end of a slice, and with space again everything does.
import FeatureModel
import Hindcast
import RESP
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct FullDiskTests {
  final class Disk: Sendable {
    let isFull = Atomic<Bool>(false)

    var space: DiskSpace {
      DiskSpace(free: isFull.load(ordering: .acquiring) ? 1 << 20 : 1 << 40, total: 1 << 41)
    }
  }

  @Test func eventsWaitAndAnswersGoOn() throws {
    try withTemporaryDirectory { folder in
      let disk = Disk()
      var options = StoreOptions()
      options.diskSpace = { _ in disk.space }
      let world = try ServerWorld(at: folder, options: options)
      defer { world.server.stop() }
      func mail(_ number: Int) -> [String] {
        ServerWorld.mail("ann", at: world.clock.now, id: "\(number)-0", producer: "p")
      }
      let client = try world.client()
      #expect(try client.ask(mail(1)).text == "1-0")
      disk.isFull.store(true, ordering: .releasing)
      // The second waits with the first, and the third must not overtake it.
      client.send((2...4).flatMap { WireClient.bytes(mail($0)) })
      let first = try client.reply().errorText ?? ""
      #expect(first.hasPrefix("MISCONF"))
      #expect(first.contains("256 MiB are kept"))
      _ = client.rest()
      let other = try world.client()
      #expect(try other.ask("XINFO", "STREAM", "mails:p")["last-generated-id"]?.text == "1-0")
      for _ in 0..<5 {
        world.clock.advance(60_000)
        #expect(try other.ask("HGET", "by_sender:ann", "10m_N").text == "1")
      }
      disk.isFull.store(false, ordering: .releasing)
      let again = try world.client()
      for number in 2...4 { #expect(try again.ask(mail(number)).text == "\(number)-0") }
      world.clock.advance(60_000)
      #expect(try again.ask("HGET", "by_sender:ann", "10m_N").text == "4")
    }
  }
}
