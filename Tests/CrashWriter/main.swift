// Ingests an endless deterministic stream and says after each write how far it got, until it is killed: the
// victim of `CrashTests`. Arguments: the store's folder, and `written`, `synced` or `bulk`. With `forget` and
// a name it forgets an entity instead, and says so before and after.
import CrashStream
import FeatureModel
import Glibc
import SliceStore

func say(_ batch: Int) {
  let line = Array("\(batch)\n".utf8)
  _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}

let forgets = CommandLine.arguments[2] == "forget"
let store = try CrashStream.open(CommandLine.arguments[1], keepsEvents: forgets)
let style = CommandLine.arguments[2]
if forgets {
  say(0)
  _ = try store.forget([EntityPart("who", CommandLine.arguments[3])])
  say(1)
  while true { sleep(1) }
}
var next = try CrashStream.position(store)
if style == "bulk" {
  let loader = try store.bulkLoader(for: CrashStream.stream.name, workers: 1)
  while true {
    _ = loader.add(CrashStream.batch(next), worker: 0)
    next += 1
    if next % 5 == 0 {
      try loader.commit(positions: [CrashStream.position(next)])
      say(next)
    }
  }
}
while true {
  _ = try store.append(
    CrashStream.batch(next), to: CrashStream.stream.name, position: CrashStream.position(next + 1),
    durability: style == "synced" ? .synced : .written)
  next += 1
  say(next)
  if next % 40 == 0 { try store.flush() }
}
