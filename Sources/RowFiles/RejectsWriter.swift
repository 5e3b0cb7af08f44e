// The file of refused rows that `--rejects` asks for: enough to see why, mend the rows and load them. It
// grows from run to run, and is on the disk before a position says that its rows were dealt with.
import FeatureModel
import Glibc
import Synchronization

/// Writes refused rows as CSV with the columns line, field, reason, row. Safe from any thread.
public final class RejectsWriter: Sendable {
  private let path: String
  private let descriptor: Int32
  private let state: Mutex<State>

  private struct State {
    var text = ValueText()
    var count = 0
  }

  /// Appends to the file, or makes it with a header. Throws `cannotOpen`.
  public init(path: String) throws(RowFileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RowFileError(path: path, problem: .cannotOpen(errno: errno))
    }
    state = Mutex(State())
    if lseek(descriptor, 0, SEEK_END) == 0 {
      state.withLock { $0.text.append("line,field,reason,row\n") }
    }
  }

  deinit { close(descriptor) }

  /// Rows of this run.
  public var count: Int { state.withLock { $0.count } }

  /// Adds a row that `chunk` holds; its bytes are written as they are, also where they are no UTF-8.
  /// Throws `cannotWrite`.
  public func append(_ rejection: RowRejection, in chunk: RowChunk) throws(RowFileError) {
    try state.withLock { state throws(RowFileError) in
      state.count += 1
      state.text.append(Int64(rejection.line))
      state.text.append(",")
      if let field = rejection.field { Self.append(field, to: &state.text) }
      state.text.append(",")
      Self.append(rejection.problem.description, to: &state.text)
      state.text.append(",")
      state.text.append(cell: UnsafeRawBufferPointer(rebasing: chunk.bytes[rejection.range]))
      state.text.append("\n")
      if state.text.bytes.count > 256 << 10 { try write(&state) }
    }
  }

  /// Returns when all rows so far are on the disk. Throws `cannotWrite`.
  public func sync() throws(RowFileError) {
    try state.withLock { state throws(RowFileError) in try write(&state) }
    // A pipe or a terminal has no disk to wait for.
    if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS {
      throw RowFileError(path: path, problem: .cannotWrite(errno: errno))
    }
  }

  private static func append(_ text: String, to target: inout ValueText) {
    var text = text
    text.withUTF8 { target.append(cell: UnsafeRawBufferPointer($0)) }
  }

  private func write(_ state: inout State) throws(RowFileError) {
    var done = 0
    let bytes = state.text.bytes
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw RowFileError(path: path, problem: .cannotWrite(errno: errno))
      }
      done += count
    }
    state.text.bytes.removeAll(keepingCapacity: true)
  }
}
