// Declarations that change, through the Swift client: what a plan says, versions beside each other, what is
// deprecated, and the trail of it all.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite struct ClientEvolutionTests {
  @Test func `A client plans, registers silently, promotes, deprecates and drops`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      let changed = ClientWorld.view
        .replacing(#""slice""#, with: #""where": "size > 1", "slice""#)
      let plans = try await client.plan(declarations: [changed], .silently)
      #expect(plans.map(\.name) == ["by_sender@2"] && plans[0].action == "new")
      #expect(plans[0].differences == ["where: none -> size > 1"])
      await #expect(throws: ClientError.self) { try await client.plan(declarations: [changed]) }
      let registered = try await client.register(declarations: [changed], .silently)
      #expect(registered.map(\.name) == ["by_sender@2"])
      await #expect(throws: ClientError.self) {
        try await client.features(of: "by_sender@2", entity: ["ann"])
      }
      let promoted = try await client.promote("by_sender@2")
      #expect(promoted.view == "by_sender" && promoted.version == 2 && promoted.sets == [])
      #expect(promoted.previous == "by_sender@1")
      #expect(try await client.features(of: "by_sender@1", entity: ["ann"]).count == 7)
      try await client.deprecate("by_sender.10m_N", reason: "short")
      try await client.undeprecate("by_sender.10m_N")
      try await client.drop(view: "by_sender@1")
      await #expect(throws: ClientError.self) { try await client.drop(set: "none") }
      let actions = try await client.audit().map(\.action)
      #expect(actions.suffix(4) == ["promoted", "deprecated", "undeprecated", "dropped"])
    }
  }
}
