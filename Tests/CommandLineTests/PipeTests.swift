// The tool among other programs: pipes, full disks, closed readers, and two processes on one store.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Pipes and processes")
struct PipeTests {
  @Test("Rows come from a pipe, are continued by their name, and go to a pipe")
  func pipes() throws {
    try Tool.withStore { folder in
      let more = "echo cat,2026-01-05,2026-01-05,7 | cat mails.csv - > more.csv; "
      let ingest = "cat FILE | hindcast ingest s mails - --format csv --source q"
      let first = try Tool.shell(ingest.replacing("FILE", with: "mails.csv"), in: folder)
      #expect(first.code == 0 && first.output.hasPrefix("-: 4 rows"), "\(first.errors)")
      let second = try Tool.shell(more + ingest.replacing("FILE", with: "more.csv"), in: folder)
      #expect(
        second.output.hasPrefix("-: 1 rows") && second.output.contains("after 4 taken in before"))
      let third = try Tool.shell(
        "gzip more.csv; " + ingest.replacing("FILE", with: "more.csv.gz"), in: folder)
      #expect(third.output.hasPrefix("-: nothing new; 5 rows"), "\(third.errors)")
      let join = try Tool.shell(
        "cat mails.csv | hindcast join s - --format csv --view by_sender:1d_N --time at | cut -d, -f1,5",
        in: folder)
      #expect(join.code == 0)
      #expect(join.output == "sender,1d_N\nann,0\nann,2\nbob,0\n-1|x,0\n")
      #expect(join.errors.isEmpty)
    }
  }

  @Test("A reader that closes early is no crash and no complaint")
  func closedPipe() throws {
    try Tool.withStore { folder in
      let rows = (0..<200_000).map { "ann,\(1_767_225_600_000 + $0),,\($0)" }
      try ("sender,at,seen,size\n" + rows.joined(separator: "\n") + "\n").write(
        toFile: folder + "/spine.csv", atomically: false, encoding: .utf8)
      let outcome = try Tool.shell(
        "hindcast join s spine.csv --view by_sender --time at | head -n 1; echo ${PIPESTATUS[0]}",
        in: folder)
      #expect(outcome.output == "sender,at,seen,size,1d_N,30d_N,30d_SIZE\n0\n")
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      for command in ["views s", "verify-store s", "get s by_sender ann --json", "--help"] {
        let closed = try Tool.shell(
          "hindcast \(command) | true; echo ${PIPESTATUS[0]}", in: folder)
        #expect(closed.output == "0\n" && closed.errors.isEmpty, "\(command): \(closed)")
      }
    }
  }

  @Test("An answer that cannot be written is no success")
  func fullDisk() throws {
    try Tool.withStore { folder in
      for command in ["get s by_sender ann", "views s --json", "join s mails.csv --view by_sender"]
      {
        let outcome = try Tool.shell("hindcast \(command) > /dev/full", in: folder)
        #expect(outcome.code == 3 && outcome.errors.contains("No space left"), "\(command)")
      }
    }
  }

  @Test("Reading commands work while another process writes; a second writer is told so")
  func locked() throws {
    try Tool.withStore { folder in
      let holder = Process()
      holder.executableURL = URL(fileURLWithPath: Tool.path)
      holder.arguments = ["ingest", "s", "mails", "-", "--format", "csv", "--source", "held"]
      holder.currentDirectoryURL = URL(fileURLWithPath: folder)
      let pipe = Pipe()
      holder.standardInput = pipe
      holder.standardOutput = FileHandle.nullDevice
      try holder.run()
      pipe.fileHandleForWriting.write(Data("sender,at,seen,size\n".utf8))
      // Nobody else may try before it has the lock.
      for _ in 0..<600 where !holdsLock(holder) { usleep(50_000) }
      let second = try Tool.run(["compact", "s"], in: folder)
      #expect(second.code == 4 && second.errors.contains("s is in use: one process"), "\(second)")
      let ingest = try Tool.run(["ingest", "s", "mails", "mails.csv"], in: folder)
      #expect(ingest.code == 4 && ingest.errors.contains("is in use"), "\(ingest.errors)")
      for line in [
        "get s by_sender ann --as-of 2026-01-06", "views s", "stats s", "verify-store s",
        "describe s mails", "explain s by_sender ann 30d_N", "join s mails.csv --view by_sender",
      ] {
        let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
        #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(line): \(outcome.errors)")
      }
      pipe.fileHandleForWriting.write(Data("zed,2026-01-05,2026-01-05,7\n".utf8))
      try pipe.fileHandleForWriting.close()
      holder.waitUntilExit()
      #expect(holder.terminationStatus == 0)
      let found = try Tool.run(
        ["get", "s", "by_sender", "zed", "--as-of", "2026-01-06", "--json"], in: folder)
      #expect(try found.firstJSON()["features"]?["1d_N"] == 1)
    }
  }

  @Test("Progress is drawn on a terminal, and taken away at the end")
  func progress() throws {
    try Tool.withStore { folder in
      let rows = (0..<60_000).map { "ann,\(1_767_225_600_000 + $0),,\($0)" }
      try ("sender,at,seen,size\n" + rows.joined(separator: "\n") + "\n").write(
        toFile: folder + "/spine.csv", atomically: false, encoding: .utf8)
      let ingest = "hindcast ingest s mails spine.csv --source x"
      // `script` gives the tool a terminal.
      let outcome = try Tool.shell(
        "command -v script > /dev/null || exit 77; script -qec '\(ingest)' /dev/null", in: folder)
      if outcome.code == 77 { return }
      #expect(outcome.output.contains("\u{1B}[K") && outcome.output.contains("rows/s"))
    }
  }

  /// Whether a process has a store's lock file open.
  private func holdsLock(_ process: Process) -> Bool {
    let folder = "/proc/\(process.processIdentifier)/fd"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.contains {
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0)
      return target?.hasSuffix("/s/LOCK") == true
    }
  }
}
