// Every conformance vector through every way in and every way out, equal in every bit; and the slices that
// explain a value, which make it up.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

struct Run: Sendable, CustomTestStringConvertible {
  let vector: String
  let feed: Feed

  static let all = Vector.names.flatMap { name in
    Feed.allCases.map { Run(vector: name, feed: $0) }
  }

  var testDescription: String { "\(vector), \(feed)" }
}

@Test("The vectors are found")
func vectorsAreFound() throws {
  #expect(Vector.names.count >= 54)
  for name in Vector.names {
    let asks = try Vector(named: name).steps.contains { step in
      switch step {
      case .ask(let questions): !questions.isEmpty
      case .askSets(let questions): !questions.isEmpty
      default: false
      }
    }
    #expect(asks, "\(name) asks nothing")
  }
}

@Test("Every read path gives the vectors' answers, bit for bit", arguments: Run.all)
func readPathsAgree(_ run: Run) async throws {
  let vector = try Vector(named: run.vector)
  try await withTemporaryDirectory { folder in
    let world = try ConformanceWorld(vector, run.feed, at: folder + "/store")
    for (index, step) in vector.steps.enumerated() {
      switch step {
      case .ingest(let rows):
        try await run.feed.ingest(rows, vector.stream, into: world.store, step: index)
      case .ingestJoined(let rows):
        try await run.feed.ingest(rows, vector.joined!, into: world.store, step: index)
      case .refuse(let rows):
        for (number, row) in rows.enumerated() {
          let isRefused = try await run.feed.refuses(
            row, of: vector, world.store, step: index * 100 + number)
          #expect(isRefused, "step \(index + 1), row \(number + 1) is accepted")
        }
      case .seal(let time): try world.seal(time)
      case .expire(let view, let before): try world.expire(view, before)
      case .register(let names): try await world.register(names)
      case .retract(let ids, let time):
        try await world.retract(ids, from: vector.stream.name, at: time)
      case .retractJoined(let ids, let time):
        try await world.retract(ids, from: vector.joined!.name, at: time)
      case .amend(let rows, let time): try await world.amend(rows, at: time)
      case .forget(let field, let text): try await world.forget(field, text)
      case .askSets(let questions):
        try world.makeViews()
        try world.makeSets()
        try checkSets(questions, world.store, step: index)
        if run.feed.isServed { try await checkServed(questions, world.store, step: index) }
      case .ask(let questions):
        try world.makeViews()
        for way in Ask.allCases { try check(way, questions, vector, world.store, step: index) }
        try checkExplanations(questions, world.store)
        if run.feed.isServed { try await checkServed(questions, world.store, step: index) }
        try world.reopen()
        for way in [Ask.reader, .join] {
          try check(way, questions, vector, world.store, step: index)
        }
        try checkExplanations(questions, world.store)
      }
    }
    let report = try world.store.store.verify()
    #expect(report.defects.isEmpty)
    world.store.store.close()
  }
}

private func checkSets(
  _ questions: [Vector.SetQuestion], _ store: FeatureStore, step: Int
) throws {
  for question in questions {
    for way in SetAsk.allCases {
      guard let outcome = try way.answer(question, store) else { continue }
      #expect(
        outcome.isSame(as: question.expected),
        "step \(step + 1), \(way): \(question) is answered with \(outcome)")
    }
  }
}

/// A server over a copy of the store gives the same answers.
private func checkServed(
  _ questions: [Vector.Question], _ store: FeatureStore, step: Int
) async throws {
  for (question, outcome) in try await SocketAsk.answers(questions, store, step: step) {
    #expect(
      outcome.isSame(as: question.expected),
      "step \(step + 1), socket: \(question) is answered with \(outcome)")
  }
}

/// The same for feature sets.
private func checkServed(
  _ questions: [Vector.SetQuestion], _ store: FeatureStore, step: Int
) async throws {
  for (question, outcome) in try await SocketAsk.answers(questions, store, step: step) {
    #expect(
      outcome.isSame(as: question.expected),
      "step \(step + 1), socket: \(question) is answered with \(outcome)")
  }
}

extension Feed {
  /// Whether a server is asked as well: it reads what is stored, whichever way that came.
  fileprivate var isServed: Bool { self == .append || self == .kept || self == .socket }
}

private func check(
  _ way: Ask, _ questions: [Vector.Question], _ vector: Vector, _ store: FeatureStore, step: Int
) throws {
  for (question, outcome) in try way.answers(questions, vector, store) {
    #expect(
      outcome.isSame(as: question.expected),
      "step \(step + 1), \(way): \(question) is answered with \(outcome)")
  }
}

/// What `explain` shows makes up the value: added up for counts and sums of ints, the least or greatest
/// for min and max, the same where one entry is all there is.
private func checkExplanations(_ questions: [Vector.Question], _ store: FeatureStore) throws {
  for question in questions {
    let entity = question.entity.compactMap { $0 }
    guard case .values(let expected) = question.expected, entity.count == question.entity.count
    else { continue }
    let view = try store.store.view(question.view).declaration
    for (name, wanted) in zip(question.features, expected) {
      let feature = view.features.first { $0.name == name }!
      // What is computed from features has no slices of its own.
      if feature.derivation != nil { continue }
      let (value, parts) = try store.explain(
        question.view, entity: entity, feature: name, at: question.at, question.mode)
      #expect(value.isSame(as: wanted), "\(name) of \(question)")
      checkTimes(parts, question, feature, view)
      checkParts(parts.map(\.value), feature, value, "\(name) of \(question): \(parts)")
    }
  }
}

private func checkTimes(
  _ parts: [FeatureReader.Contribution], _ question: Vector.Question,
  _ feature: FeatureDeclaration, _ view: ViewDeclaration
) {
  let request = SliceRequest(at: question.at, question.mode, view.slice)
  let first = view.slice.slice(of: question.at).index - feature.window.slices
  for part in parts {
    let slice = view.slice.slice(of: part.slice).index
    #expect(slice >= first && slice < request.end)
    let arrival = view.slice.slice(of: part.arrival).index
    #expect(arrival >= slice && arrival < request.arrivalLimit)
  }
  #expect(Set(parts.map { [$0.slice, $0.arrival] }).count == parts.count, "an entry twice")
}

private func checkParts(
  _ parts: [Value], _ feature: FeatureDeclaration, _ value: Value, _ what: String
) {
  if parts.count == 1 { #expect(parts[0].isSame(as: value), "\(what)") }
  if feature.aggregation.by != nil { return }
  switch feature.aggregation.function {
  case "count", "sum":
    var sum: Int64 = 0
    var isExact = feature.type == .int
    for part in parts {
      guard case .int(let number) = part else {
        isExact = false
        break
      }
      let (next, overflows) = sum.addingReportingOverflow(number)
      if overflows { isExact = false }
      sum = next
    }
    // A part, or the way to the value, may lie outside of 64 bits where the value does not.
    if isExact { #expect(value == .int(sum), "\(what)") }
  case "min", "max", "first", "last":
    let found = parts.contains { $0.isSame(as: value) }
    #expect(found || value == .null && parts.allSatisfy { $0 == .null }, "\(what)")
  default: break
  }
}
