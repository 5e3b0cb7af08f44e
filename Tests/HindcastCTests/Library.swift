// The C functions as a test calls them: handles that close themselves, JSON as text, errors thrown.
import CHindcast
import FeatureModel
import Foundation

struct CallFailure: Error, CustomStringConvertible {
  let code: Int32
  let message: String
  let row: Int64
  let column: String?
  var description: String { "\(code): \(message)" }

  /// Takes the texts over.
  init(_ error: hindcast_error) {
    code = error.code
    message = error.message.map { String(cString: $0) } ?? ""
    row = error.row
    column = error.column.map { String(cString: $0) }
    hindcast_free(error.message)
    hindcast_free(error.column)
  }
}

/// A stream that was not taken over.
struct Untaken: Error {}

final class Library {
  let pointer: OpaquePointer

  init(_ path: String, _ mode: String = "read", _ options: String = "") throws {
    var error = hindcast_error()
    guard let pointer = hindcast_open(path, "{\"mode\":\"\(mode)\"\(options)}", &error) else {
      throw CallFailure(error)
    }
    self.pointer = pointer
  }

  deinit { hindcast_close(pointer) }

  func call(_ name: String, _ arguments: JSONValue = .object([])) throws -> JSONValue {
    var error = hindcast_error()
    guard let text = hindcast_call(pointer, name, arguments.compact, &error) else {
      throw CallFailure(error)
    }
    defer { hindcast_free(text) }
    return try JSONValue.parse(String(cString: text))
  }

  func register(_ declarations: [String]) throws {
    let texts = declarations.enumerated().map { index, text in
      JSONValue.object([("name", .string("text \(index)")), ("text", .string(text))])
    }
    _ = try call("register", .object([("declarations", .array(texts))]))
  }

  func ingest(_ made: MadeStream, into name: String, _ options: String) throws -> JSONValue {
    try take(made, name, options, hindcast_ingest)
  }

  func amend(
    _ made: MadeStream, of name: String, _ options: String? = nil, job: OpaquePointer? = nil
  ) throws -> JSONValue {
    try take(made, name, options, job: job, hindcast_amend)
  }

  func load(
    _ made: MadeStream, into name: String, _ options: String? = nil, job: OpaquePointer? = nil
  ) throws -> JSONValue {
    try take(made, name, options, job: job, hindcast_load)
  }

  private typealias Taking = (
    OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutablePointer<ArrowArrayStream>?,
    UnsafePointer<CChar>?, OpaquePointer?, UnsafeMutablePointer<hindcast_error>?
  ) -> UnsafeMutablePointer<CChar>?

  /// Gives a stream away to a function that reports in JSON.
  private func take(
    _ made: MadeStream, _ name: String, _ options: String?, job: OpaquePointer? = nil,
    _ function: Taking
  ) throws -> JSONValue {
    var error = hindcast_error()
    var stream = made.stream
    let text = function(pointer, name, &stream, options, job, &error)
    guard stream.release == nil else { throw Untaken() }
    guard let text else { throw CallFailure(error) }
    defer { hindcast_free(text) }
    return try JSONValue.parse(String(cString: text))
  }

  /// The joined stream, not yet read.
  func join(
    _ stream: inout ArrowArrayStream, _ request: String, job: OpaquePointer? = nil
  ) throws -> ArrowArrayStream {
    var error = hindcast_error()
    var out = ArrowArrayStream()
    guard hindcast_join(pointer, &stream, request, job, &out, &error) == 0 else {
      throw CallFailure(error)
    }
    return out
  }

  func joined(_ made: MadeStream, _ request: String) throws -> ReadTable {
    var stream = made.stream
    var out = try join(&stream, request)
    return try ReadTable(&out)
  }
}
