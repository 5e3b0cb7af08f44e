// `hindcast verify-served`: what was answered online, held against the as-of join.
import FeatureServer
import Hindcast
import Monitoring

enum VerifyServed: Command {
  static let name = "verify-served"
  static let summary = "Ask again for what was served; 0 mismatches have to come out"
  static let words = "STORE FOLDER"
  static let options = [
    Option("limit", "N", "show so many mismatches (20); all are counted"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    FOLDER is what 'hindcast serve --served-log FOLDER' records. Every answer in it goes through the
    as-of join, as served, and has to come out in the same bytes. Exit code 1: an answer differs, bytes
    in the middle of the log are damaged, or there are answers and none can be compared. Beside a
    running server, take a checkpoint and verify against that.
    """
  static let examples = ["hindcast verify-served ./store ./served"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let limit = try limit(arguments)
    // The log first: what is appended while the store is opened may be about a later state of it.
    let replay = try ServedReplay(words[1])
    let store = try FeatureStore.open(words[0], .readOnly)
    let line = ProgressLine("verify \(words[1])")
    let report = try replay.verify(store, limit: limit) { answers, fraction in
      line.update(rows: answers, fraction: fraction)
    }
    line.finish()
    if arguments.has("json") { print(json(report).compact) } else { show(report) }
    return report.isClean ? .success : .found
  }

  private static func limit(_ arguments: Arguments) throws(UsageError) -> Int {
    guard let text = arguments["limit"] else { return 20 }
    guard let limit = Int(text), limit >= 0 else {
      throw UsageError(description: "--limit: '\(text)' is no number of mismatches")
    }
    return limit
  }

  private static func show(_ report: ServedReport) {
    for mismatch in report.mismatches {
      let entity = entity(mismatch)
      for difference in mismatch.differences {
        print(
          "\(mismatch.time) \(mismatch.question.view) of \(entity): \(difference.feature) was "
            + "\(difference.served) when served, and is \(difference.joined) in the join")
      }
    }
    if report.mismatchCount > report.mismatches.count {
      let rest = report.mismatchCount - report.mismatches.count
      print("... and \(Terminal.grouped(rest)) more (--limit)")
    }
    for place in report.damage { print(place) }
    if report.damaged > report.damage.count { print("... and more damage") }
    for note in report.notes { print("\(note.time) on purpose: \(note.text)") }
    if !report.views.isEmpty {
      Terminal.table(
        ["view", "compared", "mismatches"],
        report.views.sorted { $0.key < $1.key }.map {
          [$0.key, Terminal.grouped($0.value.compared), Terminal.grouped($0.value.mismatches)]
        }, right: [1, 2])
    }
    for line in leftOut(report) { print(line) }
    print(summary(report))
  }

  private static func entity(_ mismatch: ServedMismatch) -> String {
    mismatch.key == nil ? "a null key" : EntityText.write(mismatch.entity)
  }

  /// What was not compared, and why.
  private static func leftOut(_ report: ServedReport) -> [String] {
    var lines = report.unreplayable.sorted { $0.key < $1.key }.map {
      "not compared: \(Terminal.grouped($0.value)) answers: \($0.key)"
    }
    if report.expired > 0 {
      lines.append(
        "not compared: \(Terminal.grouped(report.expired)) answers: a window begins before what is kept"
      )
    }
    if report.unsealed > 0 {
      lines.append(
        "not compared: \(Terminal.grouped(report.unsealed)) answers: the store is a copy from before them"
      )
    }
    if report.tornTails > 0 {
      lines.append(
        "\(report.tornTails) segments end in an unfinished record, as when a server is killed")
    }
    return lines
  }

  private static func summary(_ report: ServedReport) -> String {
    let span = report.first.flatMap { first in
      report.last.map { " from \(first) to \($0)" }
    }
    let segments = report.segments == 1 ? "1 segment" : "\(report.segments) segments"
    return
      "\(Terminal.grouped(report.records)) answers\(span ?? "") in \(segments): "
      + "\(Terminal.grouped(report.compared)) compared, "
      + "\(Terminal.grouped(report.mismatchCount)) mismatches"
  }

  private static func json(_ report: ServedReport) -> JSONValue {
    let views = report.views.sorted { $0.key < $1.key }.map { view, count in
      let counts = JSONValue.object([
        ("compared", .int(Int64(count.compared))), ("mismatches", .int(Int64(count.mismatches))),
      ])
      return (view, counts)
    }
    let reasons = report.unreplayable.sorted { $0.key < $1.key }
    return .object([
      ("segments", .int(Int64(report.segments))), ("bytes", .int(Int64(report.bytes))),
      ("answers", .int(Int64(report.records))),
      ("first", report.first.map { .string($0.description) } ?? .null),
      ("last", report.last.map { .string($0.description) } ?? .null),
      ("compared", .int(Int64(report.compared))),
      ("mismatches", .int(Int64(report.mismatchCount))),
      ("expired", .int(Int64(report.expired))), ("unsealed", .int(Int64(report.unsealed))),
      ("unreplayable", .object(reasons.map { ($0.key, .int(Int64($0.value))) })),
      ("tornTails", .int(Int64(report.tornTails))), ("damaged", .int(Int64(report.damaged))),
      ("views", .object(views)), ("damage", .array(report.damage.map { .string($0) })),
      ("notes", .array(report.notes.map(note))),
      ("found", .array(report.mismatches.map(found))),
    ])
  }

  private static func note(_ note: ServedReport.Note) -> JSONValue {
    .object([("at", .string(note.time.description)), ("text", .string(note.text))])
  }

  private static func found(_ mismatch: ServedMismatch) -> JSONValue {
    let differences = mismatch.differences.map { difference in
      JSONValue.object([
        ("feature", .string(difference.feature)), ("served", .string(difference.served)),
        ("joined", .string(difference.joined)),
      ])
    }
    return .object([
      ("at", .string(mismatch.time.description)), ("view", .string(mismatch.question.view)),
      (
        "entity",
        mismatch.key == nil ? .null : .array(mismatch.entity.map { .string($0) })
      ),
      ("differences", .array(differences)),
    ])
  }
}
