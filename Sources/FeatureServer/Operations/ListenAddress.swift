// Addresses to listen on: numbers, because a name may mean another machine tomorrow.
import Glibc

package enum ListenAddress {
  case ipv4([UInt8])
  case ipv6([UInt8])

  /// Nil for what is no IPv4 or IPv6 address in numbers.
  package init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 {
      self = .ipv4(Array(bytes.prefix(4)))
    } else if inet_pton(AF_INET6, text, &bytes) == 1 {
      self = .ipv6(bytes)
    } else {
      return nil
    }
  }

  /// Whether only this machine can reach it: 127.0.0.0/8 and ::1.
  package var isLoopback: Bool {
    switch self {
    case .ipv4(let bytes): bytes[0] == 127
    case .ipv6(let bytes): bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }
  }

  /// What is wrong with a text that is no address, and what would be right.
  static func complaint(_ text: String) -> String {
    let known = ["*": "0.0.0.0' and '::", "localhost": "127.0.0.1", "": "127.0.0.1"]
    let meant = known[text].map { "; did you mean '\($0)'?" }
    return "'\(text)' is no address\(meant ?? "; write numbers, as in 127.0.0.1 or ::1")"
  }
}
