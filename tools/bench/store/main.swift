// Benchmarks of the store alone, on synthetic events. Prints a table, or JSON lines with --json.
//
//   StoreBench bulk STORE          load events from memory, then compact
//   StoreBench stream STORE        append batches of 1,000, each with its position; --synced 1: with fsync
//   StoreBench lookup STORE        look random entities up, beside bare gets of the same keys
//   StoreBench join STORE          join a spine in memory; --rows, --features A,B, --windows 1,7 (in days),
//                                  --runs, --threads; --answers FILE: write the columns of answers
//   StoreBench scan STORE          step over all blocks with a bare iterator; --runs, --threads
//   StoreBench reach STORE         reach the blocks of few and many entities in four ways; --rows 2000,20000
//   StoreBench csv FILE            write the events of `bulk` as CSV, for the peers
//   StoreBench spine FILE          write the rows of `join` as CSV, for the peers
//   StoreBench declarations FOLDER write the stream's and the view's declarations
//
// Options: --events N --entities N --lookups N --rounds N --seed N.
import Glibc
import Hindcast
import SliceStore

let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String) -> String? {
  guard let place = arguments.firstIndex(of: "--\(name)"), place + 1 < arguments.count else {
    return nil
  }
  return arguments[place + 1]
}

func option(_ name: String, _ standard: Int) -> Int {
  option(name).flatMap { Int($0) } ?? standard
}

func list(_ name: String) -> [String]? {
  option(name)?.split(separator: ",").map(String.init)
}

guard arguments.count >= 2 else {
  print(
    "usage: StoreBench bulk|stream|lookup|join|scan|reach|csv|spine|declarations PATH [OPTIONS]")
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
  case "join", "scan":
    report.header()
    let windows = list("windows")?.compactMap { Int64($0) } ?? StoreBench.windows
    // The cache of a store that is opened without further thought.
    let store = try bench.open(path, windows: windows, cacheBytes: StoreOptions().cacheBytes)
    let join = JoinBench(
      store: FeatureStore(store), workload: workload, seed: bench.seed, report: report,
      threads: option("threads", 2), runs: option("runs", 5))
    if arguments[0] == "scan" {
      try join.scan()
    } else {
      try join.join(
        rows: option("rows", 2_000_000),
        features: list("features") ?? ["7d_COUNT", "7d_SUM", "30d_COUNT", "30d_SUM"],
        answers: option("answers"))
    }
  case "reach":
    report.header()
    let rows = list("rows")?.compactMap { Int($0) }
    let reach = ReachBench(
      store: try bench.open(path, cacheBytes: StoreOptions().cacheBytes), workload: workload,
      seed: bench.seed, report: report, runs: option("runs", 3))
    try reach.run(rows: rows ?? [2000, 20_000, 100_000, 200_000, 500_000, 2_000_000])
  case "csv": try bench.csv(path, events: events)
  case "spine": try bench.spine(path, rows: option("rows", 2_000_000))
  case "declarations": try bench.declarations(path)
  default:
    print("StoreBench: no work is called '\(arguments[0])'")
    exit(64)
  }
} catch {
  print("StoreBench: \(error)")
  exit(1)
}
