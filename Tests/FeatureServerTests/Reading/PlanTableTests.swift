// Plans by the bytes of requests: only the same bytes find a plan, and what is too many is forgotten whole.
import FeatureModel
import FeatureServer
import Hindcast
import RESP
import TestSupport
import Testing

enum Plans {
  static func make(
    _ store: FeatureStore, _ view: String, number: UInt32, shape: AnswerShape = .values,
    _ version: ProtocolVersion = .resp3
  ) throws -> ReadPlan {
    let reader = try store.store.reader(of: view)
    let features = reader.features.map { reader.plan.features[$0].declaration.name }
    return ReadPlan(
      number: number, view: try store.store.view(view), features: features, shape: shape,
      version: version, reader: reader, question: nil)
  }
}

@Suite("Tables of plans")
struct PlanTableTests {
  private struct Name: Hashable {
    let shape: AnswerShape
    let version: ProtocolVersion
    let view: [UInt8]
    let rest: [UInt8]

    func with<Result>(_ body: (PlanKey) throws -> Result) rethrows -> Result {
      try view.withUnsafeBytes { view in
        try rest.withUnsafeBytes { rest in
          // What is empty has an address in a request, too.
          let empty = UnsafeRawBufferPointer(start: view.baseAddress!, count: 0)
          return try body(
            PlanKey(
              shape: shape, version: version, view: view, rest: rest.isEmpty ? empty : rest))
        }
      }
    }
  }

  private static func name(_ random: inout SplitMix64, of count: Int) -> Name {
    let number = random.below(count)
    // The same bytes with the border in another place are another name.
    let text = Array("view\(number / 3)".utf8)
    let cut = [text.count, text.count - 1, 1][number % 3]
    return Name(
      shape: random.pick(AnswerShape.allCases), version: random.pick(ProtocolVersion.allCases),
      view: Array(text[..<cut]), rest: Array(text[cut...]))
  }

  @Test("A table against a dictionary, with few and with far too many plans")
  func model() throws {
    try withTemporaryDirectory { folder in
      let store = try ServerStore.make(folder)
      for seed in TestRounds.seeds(6) {
        var random = SplitMix64(seed)
        var table = PlanTable()
        var model: [Name: UInt32] = [:]
        let names = [10, 100, 128, 400, 3000, 3000][Int(seed % 6)]
        var number: UInt32 = 0
        for step in 0..<12_000 {
          let name = Self.name(&random, of: names)
          let found = name.with { table.find($0)?.pointee.number }
          guard found == model[name] else {
            Issue.record("seed \(seed), step \(step): plan \(found ?? 0) for \(name)")
            return
          }
          if found == nil {
            if model.count == PlanTable.limit { model = [:] }
            number += 1
            let plan = try Plans.make(
              store, "people", number: number, shape: name.shape, name.version)
            let inserted = name.with { table.insert($0, plan).pointee.number }
            #expect(inserted == number)
            model[name] = number
          }
          let count = table.count
          #expect(count == model.count && count <= PlanTable.limit, "seed \(seed), step \(step)")
          if random.below(5000) == 0 {
            table.removeAll()
            model = [:]
          }
        }
      }
      store.store.close()
    }
  }

  @Test("A table holds its plans, and lets go of them")
  func lifetime() throws {
    try withTemporaryDirectory { folder in
      let store = try ServerStore.make(folder)
      let name = Name(shape: .values, version: .resp3, view: [1], rest: [])
      weak var first: ReadPlan?
      weak var second: ReadPlan?
      do {
        var table = PlanTable()
        do {
          let plan = try Plans.make(store, "people", number: 1)
          first = plan
          _ = name.with { table.insert($0, plan) }
        }
        #expect(first != nil)
        table.removeAll()
        #expect(first == nil)
        do {
          let plan = try Plans.make(store, "people", number: 2)
          second = plan
          _ = name.with { table.insert($0, plan) }
        }
        let number = name.with { table.find($0)?.pointee.number }
        #expect(second != nil && number == 2)
      }
      #expect(second == nil)
      store.store.close()
    }
  }

  @Test("The slice of an instant, remembered or not")
  func slices() throws {
    try withTemporaryDirectory { folder in
      let store = try ServerStore.make(folder)
      for view in ["people", "places"] {
        let plan = try Plans.make(store, view, number: 1)
        let length = plan.view.declaration.slice
        for seed in TestRounds.seeds(200) {
          var random = SplitMix64(seed)
          var time = Int64.random(in: -60_000_000_000_000...60_000_000_000_000, using: &random)
          for _ in 0..<200 {
            let step = random.pick([0, 1, length.milliseconds, -length.milliseconds, 3_000_000])
            time += step
            if random.chance(10) { time -= time % length.milliseconds }
            let expected = length.slice(of: Timestamp(milliseconds: time)!).index
            #expect(plan.entry.pointee.slice(of: time) == expected, "seed \(seed): \(time)")
          }
        }
      }
      store.store.close()
    }
  }
}
