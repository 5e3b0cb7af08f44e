// What the commands tell about declarations that change: plans, and what was done.
import FeatureModel
import Hindcast
import RESP

enum EvolutionReply {
  static func write(_ plans: [PlanReport], into reply: inout ReplyWriter) {
    reply.array(plans.count)
    for plan in plans {
      reply.map(6)
      for (name, value) in [
        ("kind", plan.kind.rawValue), ("name", plan.name), ("action", plan.action),
        ("meaning", plan.meaning),
      ] {
        reply.bulk(name)
        reply.bulk(value)
      }
      reply.bulk("differences")
      RegistryReply.write(plan.differences, into: &reply)
      reply.bulk("events")
      reply.typed(plan.events.map { .int(Int64($0)) } ?? .null)
    }
  }

  static func write(_ entries: [AuditEntry], into reply: inout ReplyWriter) {
    reply.array(entries.count)
    for entry in entries {
      reply.map(5)
      reply.bulk("time")
      reply.typed(.timestamp(entry.time))
      reply.bulk("action")
      reply.bulk(entry.action)
      reply.bulk("subject")
      reply.bulk(entry.subject)
      reply.bulk("digest")
      reply.typed(entry.digest.map { .string($0.description) } ?? .null)
      reply.bulk("lines")
      RegistryReply.write(entry.lines, into: &reply)
    }
  }
}
