// SHA-256 (FIPS 180-4), for passwords alone: a build without OpenSSL has to check them too. It is plain, not
// fast; digests of everything else are XXH3's.

/// The digest of some bytes.
public struct SHA256: Sendable {
  private let words: SIMD8<UInt32>

  /// Linear in the bytes, about 10 ns for each.
  public init(of bytes: UnsafeRawBufferPointer) {
    var state = Self.start
    let whole = bytes.count / 64 * 64
    for block in stride(from: 0, to: whole, by: 64) {
      Self.compress(UnsafeRawBufferPointer(rebasing: bytes[block..<block + 64]), into: &state)
    }
    // The rest, a one bit, zeros, and the length in bits: one block more, or two.
    var tail = [UInt8](bytes[whole...])
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    let bits = UInt64(bytes.count) &* 8
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    tail.withUnsafeBytes { tail in
      for block in stride(from: 0, to: tail.count, by: 64) {
        Self.compress(UnsafeRawBufferPointer(rebasing: tail[block..<block + 64]), into: &state)
      }
    }
    words = state
  }

  /// As on bytes.
  public init(of text: String) {
    var text = text
    self = text.withUTF8 { SHA256(of: UnsafeRawBufferPointer($0)) }
  }

  /// Reads 64 hexadecimal digits; nil for anything else.
  public init?(hex: String) {
    let digits = hex.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == 64 else { return nil }
    var words = SIMD8<UInt32>.zero
    for (index, digit) in digits.enumerated() {
      guard let digit else { return nil }
      words[index / 8] = words[index / 8] << 4 | UInt32(digit)
    }
    self.words = words
  }

  /// 64 hexadecimal digits.
  public var hex: String {
    (0..<8).map { index in
      let digits = String(words[index], radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Whether both are the same, in a time that does not tell where they differ.
  public func isSame(as other: SHA256) -> Bool {
    let difference = words ^ other.words
    var any: UInt32 = 0
    for index in 0..<8 { any |= difference[index] }
    return any == 0
  }
}

// The function of the standard.
extension SHA256 {
  private static let start = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19)

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]

  private static func compress(_ block: UnsafeRawBufferPointer, into state: inout SIMD8<UInt32>) {
    var schedule = [UInt32](repeating: 0, count: 64)
    for index in 0..<16 {
      let word = block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
      schedule[index] = UInt32(bigEndian: word)
    }
    for index in 16..<64 {
      let (w15, w2) = (schedule[index - 15], schedule[index - 2])
      let low = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >> 3)
      let high = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >> 10)
      schedule[index] = schedule[index - 16] &+ low &+ schedule[index - 7] &+ high
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let choice = (e & f) ^ (~e & g)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      let first =
        h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice
        &+ constants[index] &+ schedule[index]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ second)
    }
    state &+= SIMD8(a, b, c, d, e, f, g, h)
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }
}
