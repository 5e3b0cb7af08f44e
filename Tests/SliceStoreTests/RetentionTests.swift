// Floors: what lies before is refused, gone from the disk and never taken in again; all else stands.
import FeatureModel
import Foundation
import SliceStore
import TestSupport
import Testing

@Suite struct RetentionTests {
  private static let first = Timestamp.at("2020-01-01")
  private static let day: Int64 = 86_400_000
  private static let position = SourcePosition(source: "file", position: [1, 2, 3])

  /// One event a day and entity over 1200 days, some late.
  private static func rows() -> [[Value]] {
    (0..<2600).flatMap { day in
      ["a", "b", ""].map { sender in
        let at = first.advanced(by: Int64(day) * Self.day + 5)
        let seen = day % 7 == 0 ? at.advanced(by: 40 * Self.day) : nil
        return Fixture.row(at, seen: seen, sender, subject: "s\(day % 50)")
      }
    }
  }

  private static func floor(_ days: Int64) -> Timestamp { first.advanced(by: days * day) }

  @Test(arguments: [700, 1640, 2048, 2599, 0])
  func `Expired slices leave the disk as if they had never been`(days: Int64) throws {
    try withTemporaryDirectory { folder in
      let floor = Self.floor(days)
      let expired = try TestStore(at: folder + "/expired", Fixture.stream, [Fixture.counts])
      let never = try TestStore(at: folder + "/never", Fixture.stream, [Fixture.counts])
      try expired.append(Self.rows(), position: Self.position)
      let kept = Self.rows().filter {
        if case .timestamp(let at) = $0[0] { at >= floor } else { false }
      }
      try never.append(kept, position: Self.position)
      try expired.store.flush()
      try expired.store.expire("counts", before: floor)
      try never.store.compact()
      #expect(try expired.store.pairs() == never.store.pairs())
      #expect(try expired.store.verify().defects == [])
      expired.close()
      never.close()
    }
  }

  @Test func `Answers behind a floor stand, answers that reach before it are refused`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.append(Self.rows(), position: Self.position)
      let early = try target.store.reader(of: "counts", features: ["30d_COUNT", "7d_SUBJECTS"])
      let times = stride(from: 0, through: 1300, by: 13).map { Self.floor(Int64($0)) }
      let modes: [ReadMode] = [.asServed, .corrected, .knownAt(Self.floor(900)), .fresh]
      var before: [[Value]] = []
      for time in times {
        for mode in modes {
          before.append(try early.answer(EntityKey(parts: ["a"]), at: time, mode))
        }
      }
      try target.store.expire("counts", before: Self.floor(700))
      for reopened in [false, true] {
        if reopened { try target.reopen() }
        let late = try target.store.reader(of: "counts", features: ["30d_COUNT", "7d_SUBJECTS"])
        for (index, time) in times.enumerated() {
          for (place, mode) in modes.enumerated() {
            for reader in reopened ? [late] : [early, late] {
              let isBefore = time.milliseconds - 30 * Self.day < Self.floor(700).milliseconds
              let entity = EntityKey(parts: ["a"])
              if isBefore {
                #expect(throws: StoreError.self) { try reader.answer(entity, at: time, mode) }
                #expect(throws: StoreError.self) { try reader.explain(0, entity, at: time, mode) }
              } else {
                let values = try reader.answer(entity, at: time, mode)
                #expect(areSame(values, before[index * modes.count + place]), "\(time) \(mode)")
              }
            }
          }
        }
      }
      let view = try target.store.view("counts")
      #expect(try target.store.position(of: "file", in: view.id) == [1, 2, 3])
      #expect(try target.store.positions(in: view.id) == [Self.position])
      target.close()
    }
  }

  @Test func `Events below a floor are reported and not stored`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.append(Self.rows())
      let slice = try target.store.expire("counts", before: Self.floor(700).advanced(by: 7))
      #expect(slice == SliceLength.day.slice(of: Self.floor(700)))
      let before = try target.store.pairs()
      let late = Fixture.batch([
        Fixture.row(Self.floor(700).advanced(by: -1), "a"), Fixture.row(Self.floor(3), "new"),
      ])
      let report = try target.store.append(late, to: "mails")
      #expect(report.events == 2 && report.expired == 2 && report.refused.isEmpty)
      let loader = try target.store.bulkLoader(for: "mails", workers: 1)
      #expect(loader.add(late, worker: 0).expired == 2)
      try loader.commit(positions: [])
      #expect(try target.store.pairs() == before)
      let onFloor = Fixture.batch([Fixture.row(Self.floor(700), "a")])
      #expect(try target.store.append(onFloor, to: "mails").expired == 0)
      #expect(try target.store.pairs() != before)
      target.close()
    }
  }

  @Test func `A floor never moves back`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.store.expire("counts", before: Self.floor(700))
      let slice = try target.store.expire("counts", before: Self.floor(600))
      #expect(slice == SliceLength.day.slice(of: Self.floor(700)))
      #expect(try target.store.view("counts").floor == slice)
      target.close()
    }
  }

  @Test func `While slices expire, an answer is right or refused`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.append(Self.rows())
      let store = target.store
      let reader = try store.reader(of: "counts", features: ["30d_COUNT", "7d_SUBJECTS"])
      let entity = EntityKey(parts: ["a"])
      let days = stride(from: Int64(40), to: 1240, by: 50)
      let before = try days.map { try reader.answer(entity, at: Self.floor($0)) }
      let expiring = Thread {
        for day in stride(from: Int64(0), through: 1200, by: 60) {
          _ = try? store.expire("counts", before: Self.floor(day))
        }
      }
      expiring.start()
      var refused = 0
      while !expiring.isFinished {
        for (day, wanted) in zip(days, before) {
          do {
            let values = try reader.answer(entity, at: Self.floor(day))
            #expect(areSame(values, wanted), "at day \(day)")
          } catch StoreError.expired { refused += 1 }
        }
      }
      #expect(refused > 0)
      target.close()
    }
  }

  @Test func `Space is given back`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.append(
        (0..<20_000).map {
          Fixture.row(Self.floor(Int64($0 % 1200)), "sender\($0 % 500)", subject: "s\($0)")
        })
      try target.store.compact()
      let before = try target.store.statistics().fileBytes
      try target.store.expire("counts", before: Self.floor(1190))
      let after = try target.store.statistics().fileBytes
      #expect(after < before / 10, "\(before) bytes, then \(after)")
      target.close()
    }
  }
}
