// The conversions between Swift and the C interface, each in one place: error texts, byte ranges,
// strings that RocksDB allocated, and the options object.
//
// Everything here is internal. No type of the C interface leaves this module.

internal import CRocksDB
internal import Glibc

/// Where the C interface writes a malloc'ed text when an operation fails.
typealias ErrorPointer = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Calls `body` with a fresh error pointer, and throws what it reports. The only place that owns an
/// error text: it is copied and freed exactly once.
///
/// `operation` is only evaluated on failure.
@inline(__always)
func check<Result>(
  _ operation: @autoclosure () -> String, _ body: (ErrorPointer) -> Result
) throws(RocksError) -> Result {
  var text: UnsafeMutablePointer<CChar>?
  let result = body(&text)
  if let text { throw failure(consuming: text, operation: operation()) }
  return result
}

/// The error for a text that the C interface allocated. Frees the text.
@inline(never)
func failure(consuming text: UnsafeMutablePointer<CChar>, operation: String) -> RocksError {
  RocksError(message: takeString(text), operation: operation)
}

/// Copies a NUL-terminated text that the C interface allocated, and frees it.
func takeString(_ text: UnsafeMutablePointer<CChar>) -> String {
  defer { rocksdb_free(text) }
  return String(cString: text)
}

/// What the C interface is given for an empty byte range: it forbids null pointers, and Swift's
/// empty buffers have one.
private nonisolated(unsafe) let noBytes: UnsafePointer<CChar> = {
  let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  byte.initialize(to: 0)
  return UnsafePointer(byte)
}()

extension UnsafeRawBufferPointer {
  /// The first byte as the C interface wants it, never null.
  @inline(__always)
  var chars: UnsafePointer<CChar> {
    baseAddress?.assumingMemoryBound(to: CChar.self) ?? noBytes
  }
}

/// A Swift view of `count` bytes at a pointer from the C interface.
@inline(__always)
func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(start: start, count: count)
}

extension Bool {
  /// The C interface's boolean.
  var flag: UInt8 { self ? 1 : 0 }
}

/// Calls `body` with two optional byte ranges in C's form, where null means an open end.
func withBounds<Result, Failure: Error>(
  _ lower: [UInt8]?, _ upper: [UInt8]?,
  _ body: (UnsafePointer<CChar>?, Int, UnsafePointer<CChar>?, Int) throws(Failure) -> Result
) throws(Failure) -> Result {
  let lowerBytes = lower ?? []
  let upperBytes = upper ?? []
  return try lowerBytes.span.withUnsafeBytes { (low) throws(Failure) in
    try upperBytes.span.withUnsafeBytes { (high) throws(Failure) in
      try body(
        lower == nil ? nil : low.chars, low.count, upper == nil ? nil : high.chars, high.count)
    }
  }
}

/// Owns one options object of the C interface.
final class OptionsHandle {
  let pointer: OpaquePointer

  init() { pointer = rocksdb_options_create() }

  private init(copying base: OptionsHandle, applying text: String) throws(RocksError) {
    let applied: OpaquePointer = rocksdb_options_create()
    pointer = applied
    try check("apply options \(text)") {
      rocksdb_get_options_from_string(base.pointer, text, applied, $0)
    }
  }

  deinit { rocksdb_options_destroy(pointer) }

  /// These options with further ones in RocksDB's own notation (`name=value`), for those that have
  /// no setter in the C interface. Throws `invalidArgument` for a name or a value RocksDB does not
  /// know.
  func applying(_ extra: [String: String]) throws(RocksError) -> OptionsHandle {
    guard !extra.isEmpty else { return self }
    let text = extra.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return try OptionsHandle(copying: self, applying: text.joined(separator: ";"))
  }
}

/// A list of NUL-terminated strings in C's form.
struct CStringList: ~Copyable {
  let pointers: [UnsafePointer<CChar>?]

  init(_ strings: [String]) { pointers = strings.map { UnsafePointer(strdup($0)) } }

  deinit { for pointer in pointers { free(UnsafeMutableRawPointer(mutating: pointer)) } }
}
