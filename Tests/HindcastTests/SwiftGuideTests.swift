// The code of docs/reference/swift.md, compiled and run: what stands in the page has to stand here, too.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

private struct Mail {
  var messageID: String
  var sender: String?
  var receivedAt: Timestamp
  var senderCount: Int64?
}

private struct MailHydrator: EventHydrator {
  let features = [FeatureSelection("by_sender", features: ["30d_N"])]
  let keyFields = ["sender"]
  func lookupKey(of mail: Mail) -> [String?] { [mail.sender] }
  func eventTime(of mail: Mail) -> Timestamp { mail.receivedAt }
  func eventID(of mail: Mail) -> String { mail.messageID }
  func hydrate(_ mail: inout Mail, with values: FeatureValues) {
    mail.senderCount = values.int("30d_N")
  }
}

private struct Archive {
  let stored: [Mail]
  func mails() -> [Mail] { stored }
}

@Suite("The guide to the Swift API")
struct SwiftGuideTests {
  /// What the page prints.
  private final class Lines {
    var all: [String] = []
  }

  private func guide(_ path: String) throws -> [String] {
    let lines = Lines()
    func print(_ parts: Any...) { lines.all.append(parts.map { "\($0)" }.joined(separator: " ")) }

    let store = try FeatureStore.open(path, .readOnly)
    let answer = try store.get(
      "by_sender", entity: ["ann"], at: Timestamp(parsing: "2026-01-11")!)
    print(answer.map { "\($0.name) = \($0.value)" })

    var rows = EventBatch(columns: [EventColumn(type: .string), EventColumn(type: .timestamp)])
    rows.append([.string("ann"), .timestamp(Timestamp(parsing: "2026-01-11T09:30:00Z")!)])
    rows.append([.string("bob"), .timestamp(Timestamp(parsing: "2026-01-12")!)])
    let spine = SpineBatch(rows, names: ["sender", "asked_at"])

    var request = JoinRequest(
      [FeatureSelection("by_sender", features: ["30d_N", "30d_SIZE"])], time: "asked_at")
    request.mode = .asServed
    let answers = try store.join([spine], request)
    for (name, column) in zip(answers.names, answers.columns) {
      print(name, (0..<answers.rows).map { column.value($0) })
    }

    let fields = [
      SpineField(name: "sender", type: .string), SpineField(name: "asked_at", type: .timestamp),
    ]
    let join = try ColumnJoin(store, spine: fields, request)
    var chunks = [spine, spine]
    let stream = JoinStream(join) { chunks.popLast() }
    while let chunk = try stream.next() {
      for row in chunk.rows { print(chunk.answers.columns[0].value(row)) }
    }

    var mails = [
      Mail(messageID: "1", sender: "ann", receivedAt: Timestamp(parsing: "2026-01-05")!),
      Mail(messageID: "2", sender: nil, receivedAt: Timestamp(parsing: "2026-01-05")!),
    ]
    let archive = Archive(stored: mails)
    func rescore(_ mail: Mail) { print(mail.messageID, mail.senderCount ?? -1) }
    try store.hydrate(&mails, with: MailHydrator())
    for mail in mails { rescore(mail) }
    try store.hydrate(reading: archive.mails, with: MailHydrator()) { mail in rescore(mail) }
    return lines.all
  }

  @Test("The guide's code runs and answers")
  func runs() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = (1...9).map { "ann,2026-01-0\($0)T10:00:00Z,2026-01-0\($0)T10:00:00Z,\($0),t" }
      try world.ingest(try world.csv("mails.csv", rows))
      #expect(
        try guide(world.path("store")) == [
          #"["1d_N = 0", "30d_N = 9", "30d_SIZE = 45"]"#, "30d_N [9, 0]", "30d_SIZE [45, 0]",
          "9", "0", "9", "0", "1 4", "2 0", "1 4", "2 0",
        ])
    }
  }

  private func corrections(_ store: FeatureStore) throws -> [String] {
    let lines = Lines()
    func print(_ parts: Any...) { lines.all.append(parts.map { "\($0)" }.joined(separator: " ")) }

    let report = try store.retract(["m-2"], from: "orders", at: Timestamp(parsing: "2026-01-10")!)
    print(report.retracted, report.slices, report.time)
    var mended = EventBatch(try store.store.stream("orders").declaration)
    mended.append([
      .string("m-1"), .string("ann"), .timestamp(Timestamp(parsing: "2026-01-03")!), .int(7),
    ])
    print(try store.amend(mended, of: "orders", at: Timestamp(parsing: "2026-01-12")!).appended)
    print(try store.forget(["customer": "ann"]).left)
    return lines.all
  }

  @Test("The guide's corrections run, and an entity is found before it is forgotten alone")
  func corrects() throws {
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      let texts = [
        """
        {"stream": "orders", "fields": {"id": "string", "customer": "string", "at": "timestamp",
         "price": "int"}, "eventTime": "at", "id": "id", "keep": true}
        """,
        """
        {"view": "by_customer", "stream": "orders", "entity": ["customer"], "slice": "1d",
         "features": {"SPENT": {"sum": "price", "windows": ["30d"]}}}
        """,
      ]
      _ = try store.register(
        texts.map { DeclarationText(name: "declaration", text: Array($0.utf8)) })
      var events = EventBatch(try store.store.stream("orders").declaration)
      for number in 1...3 {
        events.append([
          .string("m-\(number)"), .string("ann"),
          .timestamp(Timestamp(parsing: "2026-01-0\(number)")!), .int(Int64(number)),
        ])
      }
      _ = try store.store.append(events, to: "orders")
      #expect(try store.find(["customer": "ann"]).left > 0)
      #expect(try corrections(store) == ["1 1 2026-01-10T00:00:00Z", "1", "0"])
      #expect(try store.find(["customer": "ann"]).left == 0)
      #expect(throws: HindcastError.self) { try store.find(["costumer": "ann"]) }
    }
  }

  @Test("The guide's code is this code")
  func isTheSame() throws {
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let known = Set(here.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } })
    let lines = try swiftLines(ofPage: "docs/reference/swift.md")
    for line in lines {
      let isKnown = known.contains(line[...]) || known.contains("private \(line)"[...])
      #expect(isKnown, "not in the test: \(line)")
    }
    #expect(lines.count > 30)
  }
}
