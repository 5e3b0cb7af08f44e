// Tables on the command line: registered, loaded, described, checked and dropped.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct TableTests {
  private static let declaration = """
    {"table": "ip_list", "key": {"ip": "string"}, "attributes": {"kind": "string"}}
    """

  private func withTable(_ body: (String) throws -> Void) throws {
    try Tool.withStore { folder in
      try write(Self.declaration, folder, "ip_list.table.json")
      let outcome = try run("register s ip_list.table.json", folder)
      #expect(outcome.output == "table ip_list: registered\n", "\(outcome.errors)")
      try body(folder)
    }
  }

  private func write(_ text: String, _ folder: String, _ name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  private func run(_ line: String, _ folder: String) throws -> Outcome {
    try Tool.run(line.split(separator: " ").map(String.init), in: folder)
  }

  @Test func `A table is loaded, loaded again, and asked`() throws {
    try withTable { folder in
      try write("ip,kind\n192.0.2.7,proxy\n192.0.2.9,\n", folder, "ips.csv")
      let first = try run("load s ip_list ips.csv --at 2026-01-05T10:00:00Z", folder)
      #expect(
        first.output == "table ip_list: 2 rows: 2 added; known from 2026-01-05T10:00:00Z on\n",
        "\(first.errors)")
      let again = try run("load s ip_list ips.csv", folder)
      #expect(again.output == "table ip_list: 2 rows, as they stood already: nothing changed\n")
      try write("ip,kind\n192.0.2.7,tor\n192.0.2.11,proxy\n", folder, "ips.csv")
      let next = try run("load s ip_list ips.csv --at 2026-01-06 --json", folder).firstJSON()
      #expect(
        next.compact == """
          {"table":"ip_list","rows":2,"added":1,"changed":1,"removed":1,"unchanged":0,\
          "knownFrom":"2026-01-06T00:00:00Z"}
          """)
      let before = try run("get s ip_list 192.0.2.7 --as-of 2026-01-06 --json", folder).output
      #expect(before.contains("proxy"))
      let after = try run("get s ip_list 192.0.2.7 --as-of 2026-01-06T00:15:00Z --json", folder)
        .output
      #expect(after.contains("tor"))
      let described = try run("describe s ip_list", folder).output
      #expect(described.hasPrefix("table ip_list   xxh128:") && described.contains("rows: 2\n"))
      #expect(
        try run("describe s ip_list --json", folder).output
          == "{\"table\":\"ip_list\",\"key\":{\"ip\":\"string\"},\"attributes\":{\"kind\":\"string\"},"
          + "\"slice\":\"15m\"}\n")
      #expect(try run("verify-store s", folder).output.hasSuffix("all is well\n"))
      #expect(try run("drop s ip_list", folder).errors.contains("drop the table"))
      #expect(try run("drop s ip_list --table", folder).output == "dropped ip_list\n")
      #expect(try run("describe s ip_list", folder).code == 4)
    }
  }

  @Test func `What cannot be loaded is refused with the place and the way out`() throws {
    try withTable { folder in
      try write("ip,kind\n192.0.2.7,proxy\n192.0.2.7,tor\n", folder, "ips.csv")
      let twice = try run("load s ip_list ips.csv", folder)
      #expect(twice.code == 3)
      #expect(
        twice.errors == """
          hindcast: ips.csv: line 3: field 'ip': line 2 has this key already. Nothing was changed: mend it, and \
          load all rows again

          """)
      let ahead = try run("load s ip_list ips.csv --at 2999-01-01", folder)
      #expect(ahead.code == 3 && ahead.errors.contains("lies ahead of the clock"))
      let unknown = try run("load s ip_lists ips.csv", folder)
      #expect(unknown.code == 4 && unknown.errors.contains("did you mean 'ip_list'?"))
      let ingested = try run("ingest s ip_list ips.csv", folder)
      #expect(ingested.code == 4 && ingested.errors.contains("'hindcast load'"))
      let checked = try run("check ip_list.table.json --sample ips.csv", folder)
      #expect(checked.code == 1 && checked.output.contains("rows 1 and 2 have one key"))
      #expect(checked.output.contains("proxy") || checked.output.contains("tor"))
    }
  }
}
