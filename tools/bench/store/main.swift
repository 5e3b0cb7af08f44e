// Benchmarks of the store alone, on synthetic events. Prints a table, or JSON lines with --json.
//
//   StoreBench bulk STORE          load events from memory, then compact
//   StoreBench stream STORE        append batches of 1,000, each with its position; --synced 1: with fsync
//   StoreBench lookup STORE        look random entities up, beside bare gets of the same keys
//   StoreBench csv FILE            write the events of `bulk` as CSV, for the peers
//   StoreBench declarations FOLDER write the stream's and the view's declarations
//
// Options: --events N --entities N --lookups N --rounds N --seed N.
import Glibc
import SliceStore

let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String, _ standard: Int) -> Int {
  guard let place = arguments.firstIndex(of: "--\(name)"), place + 1 < arguments.count,
    let value = Int(arguments[place + 1])
  else { return standard }
  return value
}

guard arguments.count >= 2 else {
  print("usage: StoreBench bulk|stream|lookup|csv|declarations PATH [OPTIONS]")
  exit(64)
}
let path = arguments[1]
let events = option("events", 20_000_000)
let workload = Workload(entities: option("entities", 1_000_000))
let report = Report(isJSON: arguments.contains("--json"))
let bench = StoreBench(
  workload: workload, seed: UInt64(option("seed", 20_260_101)), report: report)
do {
  switch arguments[0] {
  case "bulk":
    report.header()
    try bench.bulk(path, events: events)
  case "stream":
    report.header()
    let durability = option("synced", 0) == 0 ? Durability.written : .synced
    try bench.stream(path, events: events, durability)
  case "lookup":
    report.header()
    let lookup = LookupBench(
      store: try bench.open(path), workload: workload, seed: bench.seed, report: report)
    try lookup.run(lookups: option("lookups", 100_000), rounds: option("rounds", 5))
  case "csv": try bench.csv(path, events: events)
  case "declarations": try bench.declarations(path)
  default:
    print("StoreBench: no work is called '\(arguments[0])'")
    exit(64)
  }
} catch {
  print("StoreBench: \(error)")
  exit(1)
}
