// Benchmarks of the store alone: bulk load from memory, streaming batches, look-ups. Prints a table.
//
//   StoreBench bulk STORE [--events N]      load N synthetic events from memory
//   StoreBench stream STORE [--events N]    append batches of 1,000, each with its position
//   StoreBench lookup STORE [--lookups N]   look ten windows up for random entities
//   StoreBench csv FILE [--events N]        write the same events as CSV, for the peers
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String, _ standard: Int) -> Int {
  guard let place = arguments.firstIndex(of: "--\(name)"), place + 1 < arguments.count,
    let value = Int(arguments[place + 1])
  else { return standard }
  return value
}

guard arguments.count >= 2 else {
  print(
    "usage: StoreBench bulk|stream|lookup STORE | csv FILE  [--events N] [--lookups N] [--seed N]")
  exit(64)
}
let seed = UInt64(option("seed", 20_260_101))
switch arguments[0] {
case "bulk": try StoreBench.bulk(arguments[1], events: option("events", 20_000_000), seed: seed)
case "stream": try StoreBench.stream(arguments[1], events: option("events", 2_000_000), seed: seed)
case "lookup": try StoreBench.lookup(arguments[1], lookups: option("lookups", 200_000), seed: seed)
case "csv": try StoreBench.csv(arguments[1], events: option("events", 20_000_000), seed: seed)
default:
  print("StoreBench: no work is called '\(arguments[0])'")
  exit(64)
}
