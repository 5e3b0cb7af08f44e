// The functions of the C header. `@implementation` holds each against its declaration there, so the two cannot
// drift apart. They translate and do nothing else: no error leaves them but by the header's ways.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CHindcast
import Glibc
import Hindcast

/// The version's text, which lives as long as the process.
nonisolated(unsafe) private let version: UnsafePointer<CChar> = UnsafePointer(
  strdup(hindcastVersion))

@c @implementation
public func hindcast_version() -> UnsafePointer<CChar>? { version }

@c @implementation
public func hindcast_free(_ text: UnsafeMutablePointer<CChar>?) { free(text) }

@c @implementation
public func hindcast_open(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ error: UnsafeMutablePointer<hindcast_error>?
) -> OpaquePointer? {
  reporting(error) {
    let path = try CText.read(path, "the path")
    let (mode, options) = try Requests.opening(try Members(options))
    return retained(StoreHandle(try FeatureStore.open(path, mode, options: options)))
  }
}

@c @implementation
public func hindcast_close(_ store: OpaquePointer?) { release(store) }

@c @implementation
public func hindcast_call(
  _ store: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ arguments: UnsafePointer<CChar>?,
  _ error: UnsafeMutablePointer<hindcast_error>?
) -> UnsafeMutablePointer<CChar>? {
  reporting(error) {
    let handle = try StoreHandle.of(store)
    let name = try CText.read(name, "the function's name")
    return CText.copy(try Calls.run(name, handle, try Members(arguments)).compact)
  } ?? nil
}

@c @implementation
public func hindcast_join(
  _ store: OpaquePointer?, _ spine: UnsafeMutablePointer<ArrowArrayStream>?,
  _ request: UnsafePointer<CChar>?, _ job: OpaquePointer?,
  _ out: UnsafeMutablePointer<ArrowArrayStream>?, _ error: UnsafeMutablePointer<hindcast_error>?
) -> Int32 {
  let job = JobHandle.of(job) ?? JobHandle()
  return outcome(error) {
    // Before all else, so that it is taken over whatever fails.
    let spine = try ArrowSource(taking: spine)
    guard let out else { throw Failure(.invalid, "there is no room for the joined stream") }
    let form = try JoinForm(try Members(request))
    try JoinedStream(try StoreHandle.of(store), spine, form, job).export(to: out)
  }
}

@c @implementation
public func hindcast_job_new() -> OpaquePointer? { retained(JobHandle()) }

@c @implementation
public func hindcast_job_free(_ job: OpaquePointer?) { release(job) }

@c @implementation
public func hindcast_job_cancel(_ job: OpaquePointer?) { JobHandle.of(job)?.cancellation.cancel() }

@c @implementation
public func hindcast_job_rows(_ job: OpaquePointer?) -> Int64 {
  Int64(JobHandle.of(job)?.rows ?? 0)
}

@c @implementation
public func hindcast_job_error(
  _ job: OpaquePointer?, _ error: UnsafeMutablePointer<hindcast_error>?
) -> Int32 {
  Failure.clear(error)
  guard let failure = JobHandle.of(job)?.failure else { return 0 }
  failure.write(to: error)
  return failure.code.rawValue
}

/// Has rows taken in and answers with a report; they are taken over before all else, so that they are
/// whatever fails.
/// - Parameter what: the name is of, for messages.
private func taking(
  _ rows: UnsafeMutablePointer<ArrowArrayStream>?, _ name: UnsafePointer<CChar>?, _ what: String,
  _ options: UnsafePointer<CChar>?, _ job: OpaquePointer?,
  _ error: UnsafeMutablePointer<hindcast_error>?,
  _ body: (ArrowSource, _ name: String, Members, JobHandle) throws -> JSONValue
) -> UnsafeMutablePointer<CChar>? {
  let job = JobHandle.of(job) ?? JobHandle()
  return reporting(error) {
    let rows = try ArrowSource(taking: rows)
    let name = try CText.read(name, "the \(what)'s name")
    return CText.copy(try body(rows, name, try Members(options), job).compact)
  } ?? nil
}

@c @implementation
public func hindcast_ingest(
  _ store: OpaquePointer?, _ stream: UnsafePointer<CChar>?,
  _ events: UnsafeMutablePointer<ArrowArrayStream>?, _ options: UnsafePointer<CChar>?,
  _ job: OpaquePointer?, _ error: UnsafeMutablePointer<hindcast_error>?
) -> UnsafeMutablePointer<CChar>? {
  taking(events, stream, "stream", options, job, error) { events, name, members, job in
    let options = try Requests.ingesting(members, job)
    return try StoreHandle.of(store).ingest(events, into: name, options)
  }
}

@c @implementation
public func hindcast_amend(
  _ store: OpaquePointer?, _ stream: UnsafePointer<CChar>?,
  _ events: UnsafeMutablePointer<ArrowArrayStream>?, _ options: UnsafePointer<CChar>?,
  _ job: OpaquePointer?, _ error: UnsafeMutablePointer<hindcast_error>?
) -> UnsafeMutablePointer<CChar>? {
  taking(events, stream, "stream", options, job, error) { events, name, members, job in
    let time = try Requests.correcting(members)
    return try StoreHandle.of(store).amend(events, of: name, at: time, job)
  }
}

@c @implementation
public func hindcast_load(
  _ store: OpaquePointer?, _ table: UnsafePointer<CChar>?,
  _ rows: UnsafeMutablePointer<ArrowArrayStream>?, _ options: UnsafePointer<CChar>?,
  _ job: OpaquePointer?, _ error: UnsafeMutablePointer<hindcast_error>?
) -> UnsafeMutablePointer<CChar>? {
  taking(rows, table, "table", options, job, error) { rows, name, members, job in
    try members.allow("at", "known_from_valid", "empty")
    var options = try Requests.loading(members)
    options.cancellation = job.cancellation
    options.progress = { job.report(rows: $0) }
    return try StoreHandle.of(store).load(rows, into: name, options)
  }
}
