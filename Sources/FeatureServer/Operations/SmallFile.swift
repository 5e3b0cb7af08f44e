// Files that are read whole because they are small: configurations and passwords.
import Glibc

enum SmallFile {
  /// Beyond it something else was meant.
  static let mostBytes = 1 << 20

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func read(_ path: String) -> Result<[UInt8], Failure> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(failure(path, errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return .failure(failure(path, errno)) }
      if count == 0 { return .success(bytes) }
      bytes += buffer[..<count]
      guard bytes.count <= mostBytes else {
        return .failure(Failure(description: "'\(path)' has more than \(mostBytes) bytes"))
      }
    }
  }

  private static func failure(_ path: String, _ code: Int32) -> Failure {
    Failure(description: "cannot read '\(path)': \(String(cString: strerror(code)))")
  }
}
