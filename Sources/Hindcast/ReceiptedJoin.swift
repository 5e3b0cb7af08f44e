// Joins with a receipt, and the proof that one can be made again.
import FeatureModel
import RowFiles
import SliceStore

/// How a re-run compares with its receipt; empty is equal.
public struct ReceiptMismatch: Hashable, Sendable {
  /// `spine`, `answer`, `rows`, `view NAME`.
  public let what: String
  public let expected: String
  public let found: String
}

extension FeatureStore {
  /// As `join`, and a receipt of it. Seals the streams of all views at the receipt's k first: the latest
  /// time of the spine as served, or the fixed instant.
  /// - Parameter now: the clock; a k ahead of it is refused, because the seal would make all that comes
  ///   until then late.
  public func joinWithReceipt(
    _ spine: String, to output: String, _ request: JoinRequest, now: Timestamp,
    progress: (_ rows: Int, _ fraction: Double?) -> Void = { _, _ in }
  ) throws(HindcastError) -> (report: JoinReport, receipt: Receipt) {
    let known = try knowledge(spine, request)
    guard known <= now else {
      throw .refused(
        "the receipt would seal the streams at \(known), which lies ahead of the clock (\(now)): "
          + "leave out rows of the future, or name an earlier --known-at")
    }
    let views = try request.selections.map { selection throws(HindcastError) in
      try receiptView(selection)
    }
    let sets = try request.sets.map { set throws(HindcastError) in try receiptSet(set) }
    let streams = try Set(
      request.views.map { view throws(HindcastError) in
        try HindcastError.store { () throws(StoreError) in try store.view(view).declaration.stream }
      })
    var seals: [String: Timestamp] = [:]
    for stream in streams.sorted() {
      seals[stream] = try HindcastError.store { () throws(StoreError) in
        let seal = max(try store.stream(stream).seal ?? known, known)
        try store.seal(stream, at: seal)
        return seal
      }
    }
    let report = try join(spine, to: output, request, progress: progress)
    let format = try HindcastError.file { () throws(RowFileError) in
      try RowFormat.of(spine, explicit: request.spineFormat)
    }
    let receipt = Receipt(
      known: known, mode: Receipt.Mode(request), time: request.time, keys: request.keys,
      views: views, sets: sets, seals: seals, rows: report.rows, spineDigest: report.spineDigest,
      answerDigest: report.answerDigest, outputFormat: (request.outputFormat ?? format).rawValue)
    return (report, receipt)
  }

  /// What a receipt says of a selection; all features by name, since a view may get more of them.
  private func receiptView(
    _ selection: FeatureSelection
  ) throws(HindcastError) -> Receipt.View {
    try HindcastError.store { () throws(StoreError) in
      let view = try store.view(selection.view)
      var named = selection
      named.features = selection.features ?? view.plan.features.map(\.declaration.name)
      return Receipt.View(selection: named, digest: view.digest)
    }
  }

  /// What a receipt says of a set: all of it, since it may be dropped.
  private func receiptSet(_ set: FeatureSet) throws(HindcastError) -> Receipt.Vector {
    try HindcastError.store { () throws(StoreError) in
      var views: [String: Digest] = [:]
      for view in set.views { views[view] = try store.view(view).digest }
      return Receipt.Vector(set: set, views: views)
    }
  }

  private func knowledge(_ spine: String, _ request: JoinRequest) throws(HindcastError) -> Timestamp
  {
    switch request.mode {
    case .knownAt(let known):
      // What would refuse the join has to do so before anything is sealed for it.
      if spine != "-" { _ = try FileJoin(store, spine: spine, request).run(to: nil) { _, _ in } }
      return known
    case .corrected, .fresh:
      throw .refused(
        "what is known by now cannot be known again later, so such a join has no receipt: "
          + "use --known-at TIME, or the default, as served")
    case .asServed:
      guard spine != "-" else {
        throw .refused("a receipt reads the spine twice: give it as a file, not as standard input")
      }
      let scan = try FileJoin(store, spine: spine, request).run(to: nil) { _, _ in }
      guard let latest = scan.latest else { throw .refused("\(spine) has no rows") }
      return latest
    }
  }

  /// Runs a receipt's join again and compares.
  /// - Parameter output: where the rows go; `/dev/null` where only the comparison matters.
  public func verify(
    _ receipt: Receipt, spine: String, to output: String, spineFormat: RowFormat? = nil,
    progress: (_ rows: Int, _ fraction: Double?) -> Void = { _, _ in }
  ) throws(HindcastError) -> (report: JoinReport, mismatches: [ReceiptMismatch]) {
    var request = JoinRequest(receipt.views.map(\.selection), time: receipt.time)
    request.sets = receipt.sets.map(\.set)
    request.keys = receipt.keys
    receipt.mode.apply(to: &request, known: receipt.known)
    request.spineFormat = spineFormat
    request.outputFormat = RowFormat(rawValue: receipt.outputFormat)
    let report = try join(spine, to: output, request, progress: progress)
    var mismatches: [ReceiptMismatch] = []
    func compare(_ what: String, _ expected: String, _ found: String) {
      if expected != found {
        mismatches.append(ReceiptMismatch(what: what, expected: expected, found: found))
      }
    }
    var digests = receipt.views.map { ($0.selection.view, $0.digest) }
    for set in receipt.sets {
      digests += set.views.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    for (view, digest) in digests {
      let found = try HindcastError.store { () throws(StoreError) in try store.view(view) }
      compare("view \(view)", digest.description, found.digest.description)
    }
    compare("rows", String(receipt.rows), String(report.rows))
    compare("spine", receipt.spineDigest.description, report.spineDigest.description)
    compare("answer", receipt.answerDigest.description, report.answerDigest.description)
    return (report, mismatches)
  }
}
