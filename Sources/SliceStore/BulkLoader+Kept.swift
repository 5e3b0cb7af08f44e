// What a bulk load gives to views that take it from the events that are kept: those that join, since pairs are
// known when both events are stored, and those that were registered while the load was at work. All of it is
// done at a commit, under the writer's lock, by the declarations as they are then.
import Aggregates
import FeatureModel

extension BulkLoader {
  /// Lets these views take in what is to be kept.
  func takeKept() throws(StoreError) {
    guard log != nil else { return }
    let stream = try store.stream(stream.name).declaration
    let known = apart.union(targets.map(\.id))
    let takers = (store.views(of: stream.name) + store.followers(of: stream.name))
      .filter { !known.contains($0.id) }
    if takers.isEmpty { return }
    for view in takers {
      let own = try store.stream(view.declaration.stream).declaration
      for index in builders.indices { builders[index].append(DeltaBuilder(view.plan)) }
      for worker in workers { worker.add(view, own) }
    }
    targets += takers
    for worker in workers {
      for chunk in worker.chunks { try take(try events(of: chunk, stream), stream, worker) }
    }
  }

  private func take(
    _ events: MeetingEvents, _ stream: StreamDeclaration, _ worker: Worker
  ) throws(StoreError) {
    for index in addedCount..<targets.count {
      let view = targets[index].declaration
      var (batch, admitted) = (events.batch, events.admitted)
      if view.join != nil {
        let pairs = try store.newPairs(of: events, of: stream, in: view)
        (batch, admitted) = (pairs.batch, pairs.admitted)
      }
      _ = worker.intakes[index].take(
        batch, admitted, floor: worker.floors[index], into: worker.arenas[index])
    }
  }

  private func events(
    of chunk: [UInt8], _ stream: StreamDeclaration
  ) throws(StoreError) -> MeetingEvents {
    do throws(CodecError) {
      let (batch, admitted) = try chunk.withBytes { chunk throws(CodecError) in
        try KeptChunkReader(stream).admitted(chunk)
      }
      return MeetingEvents(batch: batch, admitted: admitted, gone: nil)
    } catch { throw .corrupt(what: "events that are loaded", error) }
  }

  /// The next commit asks again who they are.
  func removeTakers() {
    targets.removeSubrange(addedCount...)
    for index in builders.indices { builders[index].removeSubrange(addedCount...) }
    for worker in workers { worker.removeViews(from: addedCount) }
  }
}
