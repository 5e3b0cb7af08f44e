// The load of the server's benchmark: requests as fast as answers come, or at times that were fixed before, and
// the files and copies that a run needs. Prints JSON lines, one for each flow.
//
//   ServeBench load PORT [OPTIONS] -- FLOW WORD ... [-- FLOW WORD ...]
//                                  flows of one command each, side by side; see `FlowSettings`. A flow begins
//                                  with name=value,...: lookups,rate=50000,connections=20,batch=5
//   ServeBench copy FROM TO -- VIEW FEATURE ...
//                                  answers of the server at port FROM into hashes of the Redis at port TO
//   ServeBench csv FILE            events of --entities N, --events N over --days N; --daily 1: every entity
//                                  has one on each day; --note N: a random text of N bytes in each
//
// Options: --entities N, --seconds S, --requests N, --until-end-of-input, --seed N. In the words of a command,
// {n} is a random entity of 12 digits, {t} the time in epoch milliseconds and {i} a number of 12 digits that
// counts up.
import Glibc

let groups = CommandLine.arguments.dropFirst().split(separator: "--").map(Array.init)
let arguments = groups.first ?? []

func option(_ name: String) -> String? {
  guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else {
    return nil
  }
  return arguments[place + 1]
}

func option(_ name: String, _ standard: Int) -> Int {
  option(name).flatMap { Int($0) } ?? standard
}

func fail(_ why: String) -> Never {
  let line = "ServeBench: \(why)\n"
  _ = Glibc.write(2, line, line.utf8.count)
  exit(1)
}

let seed = UInt64(option("seed", 20_260_101))
let entities = UInt64(option("entities", 100_000))
guard arguments.count >= 2 else { fail("usage: ServeBench load|copy|csv PORT|FILE [OPTIONS]") }
signal(SIGPIPE, SIG_IGN)
switch arguments[0] {
case "load":
  let flows = groups.dropFirst().enumerated().map { index, words in
    Flow(FlowSettings(words, entities), seed: seed &+ UInt64(index), port: arguments[1])
  }
  var run = LoadRun(Array(flows))
  run.run(
    seconds: option("seconds").flatMap { Double($0) }, requests: option("requests", .max),
    untilEndOfInput: arguments.contains("--until-end-of-input"))
  run.report()
case "copy":
  guard arguments.count > 2, groups.count > 1 else { fail("copy: FROM TO -- VIEW FEATURE ...") }
  Copy(from: arguments[1], to: arguments[2], groups[1]).run(entities: Int(entities))
case "csv":
  let file = EventsFile(
    entities: entities, days: UInt64(option("days", 400)), noteBytes: option("note", 0))
  file.write(arguments[1], events: option("events", 1_000_000), daily: option("daily", 0) != 0)
default: fail("no work is called '\(arguments[0])'")
}
