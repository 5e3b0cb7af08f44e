// A HyperLogLog sketch: 2^p registers, each the longest run of zeros seen among the hashes that fall to it.
// The estimate is Ertl's improved one from the histogram of the registers (arXiv:1702.01284, Algorithm 6):
// no tables and no bias constants, and only +, ·, / and square roots, which are the same on every machine.

/// The registers of a sketch; a semilattice under the maximum of each.
struct HyperLogLog: Equatable, Sendable {
  static let precisions = 4...16

  let precision: Int
  private(set) var registers: [UInt8]

  /// The sketch of no hashes.
  init(precision: Int) {
    self.precision = precision
    registers = [UInt8](repeating: 0, count: 1 << precision)
  }

  /// The greatest value that a register can have.
  static func limit(_ precision: Int) -> UInt8 { UInt8(65 - precision) }

  /// Takes in a hash: its first bits name the register, the zeros after them are counted.
  @inline(__always)
  mutating func insert(_ hash: UInt64) {
    let index = Int(hash >> UInt64(64 - precision))
    let zeros = (hash << UInt64(precision)).leadingZeroBitCount
    raise(index, to: min(UInt8(zeros + 1), Self.limit(precision)))
  }

  /// Raises a register to at least `rank`.
  @inline(__always)
  mutating func raise(_ index: Int, to rank: UInt8) {
    if rank > registers[index] { registers[index] = rank }
  }

  mutating func merge(_ other: HyperLogLog) {
    precondition(precision == other.precision, "sketches of one column have one precision")
    for index in registers.indices { raise(index, to: other.registers[index]) }
  }

  /// The estimated number of distinct hashes.
  var estimate: Double {
    let size = Double(registers.count)
    let top = Int(Self.limit(precision))
    var histogram = [Int](repeating: 0, count: top + 1)
    for register in registers { histogram[Int(register)] += 1 }
    var z = size * Self.tau(1 - Double(histogram[top]) / size)
    for rank in stride(from: top - 1, through: 1, by: -1) {
      z = 0.5 * (z + Double(histogram[rank]))
    }
    z += size * Self.sigma(Double(histogram[0]) / size)
    // 1 / (2 ln 2)
    return 0.7213475204444817 * size * size / z
  }

  private static func sigma(_ start: Double) -> Double {
    if start == 1 { return .infinity }
    var (x, y, z) = (start, 1.0, start)
    while true {
      x *= x
      let before = z
      z += x * y
      y += y
      if z == before { return z }
    }
  }

  private static func tau(_ start: Double) -> Double {
    if start == 0 || start == 1 { return 0 }
    var (x, y, z) = (start, 1.0, 1 - start)
    while true {
      x = x.squareRoot()
      let before = z
      y *= 0.5
      z -= (1 - x) * (1 - x) * y
      if z == before { return z / 3 }
    }
  }
}
