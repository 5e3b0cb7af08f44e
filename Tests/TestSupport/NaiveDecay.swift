// Counts that decay, by what they are said to be: a weight is the greatest whole number whose power is not
// beyond a power of two, found by trying; weights are added up, and the sum is rounded once.
import Synchronization

enum NaiveDecay {
  /// The number of events at some times, each weighed by its age in a request's slice that starts at `start`.
  static func count(_ times: [Int64], _ start: Int64, _ slice: Int64, _ halfLife: Int64) -> Double {
    var sum: Int128 = 0
    for time in times {
      var own = time / slice
      while own * slice > time { own -= 1 }
      sum += weight(start / slice - own, halfLife / slice)
    }
    return sum == 0 ? 0 : NaiveWhole.nearest(NaiveWhole(sum), NaiveWhole(1 << 63))
  }

  private struct Age: Hashable {
    let slices: Int64
    let halfLife: Int64
  }

  private static let known = Mutex<[Age: Int128]>([:])

  /// ⌊2^63 · 2^(−age/halfLife)⌋: the greatest m with m^halfLife <= 2^(63 · halfLife − age).
  static func weight(_ age: Int64, _ halfLife: Int64) -> Int128 {
    precondition(age >= 0)
    let limit = 63 * halfLife - age
    if limit < 0 { return 0 }
    let place = Age(slices: age, halfLife: halfLife)
    if let weight = known.withLock({ $0[place] }) { return weight }
    let bound = power(2, limit)
    var low: Int128 = 1
    var high: Int128 = 1 << 63 + 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if power(middle, halfLife) <= bound { low = middle } else { high = middle }
    }
    known.withLock { $0[place] = low }
    return low
  }

  private static func power(_ base: Int128, _ exponent: Int64) -> NaiveWhole {
    (0..<exponent).reduce(NaiveWhole(1)) { product, _ in product * NaiveWhole(base) }
  }
}
