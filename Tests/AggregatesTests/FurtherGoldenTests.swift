// The stored bytes of moments, lists and sketches, frozen, worked out by hand from the description of the
// format.
import Aggregates
import Testing

@Suite("Moments, lists and sketches are stored in frozen bytes")
struct FurtherGoldenTests {
  @Test func powerSumsAreStoredSo() {
    // Of -2: -1·2¹, 1·2², -1·2³ and 1·2⁴.
    let sums = PowerSums().absorbing([Event(word: UInt64(bitPattern: -2))])
    let numbers = "030201" + "020401" + "030601" + "020801"
    #expect(hex(PowerSums.encoded([sums, PowerSums()])) == "01" + numbers + "00")
    let zero = PowerSums().absorbing([Event(word: 0), Event(word: 0)])
    #expect(hex(PowerSums.encoded([zero])) == "02" + "00000000")
  }

  @Test func keptValuesAreStoredSo() {
    let neutral = KeptWords(.least, limit: 2)
    let list = neutral.absorbing([Event(word: 7, time: 12), Event(word: 5, time: 10)])
    #expect(
      hex(KeptWords.encoded([list, neutral])) == "02" + "0200" + "0a00000000000000" + "010002"
        + "0500000000000000" + "010002")
    let texts = KeptTexts(.greatest, limit: 1).absorbing([Event(time: 7, text: [0xc3, 0xa9])])
    #expect(
      hex(KeptTexts.encoded([texts])) == "01" + "01" + "0700000000000000" + "00" + "00" + "02"
        + "c3a9")
    #expect(hex(KeptWords.encoded([KeptWords(.least)])) == "00")
  }

  @Test func bucketCountsAreStoredSo() {
    let steps = BucketScheme.steps(first: 0, width: 10, per: 1, buckets: 3, isDouble: false)
    let neutral = BucketCounts(steps, limit: 8)
    let counts = neutral.absorbing([15, 5, 15].map { Event(word: $0) })
    #expect(hex(BucketCounts.encoded([neutral, counts])) == "08" + "00" + "0200" + "0201" + "0102")
    // 1 lies in bucket 2³¹, -1 in bucket -2³¹.
    let powers = BucketCounts(.powers(parts: 50, isDouble: false), limit: 64)
    let one = powers.absorbing([Event(word: 1)])
    #expect(hex(BucketCounts.encoded([one])) == "40" + "0100" + "8080808010" + "01")
    let negative = powers.absorbing([Event(word: UInt64(bitPattern: -1))])
    #expect(hex(BucketCounts.encoded([negative])) == "40" + "0100" + "ffffffff0f" + "01")
  }

  @Test func talliesAreStoredSo() {
    let words = ValueTally<TalliedWord>(limit: 2)
    #expect(
      hex(ValueTally.encoded([words.absorbing([Event(word: 1), Event(word: 1)]), words])) == "02"
        + "0201" + "0100000000000000" + "02" + "00")
    let texts = ValueTally<TalliedText>(limit: 2).absorbing([Event(text: [0x61])])
    #expect(hex(ValueTally.encoded([texts])) == "02" + "0101" + "0161" + "01")
  }

  @Test func countedSetsAreStoredSo() {
    let set = CountedSet(exactUpTo: 2, precision: 4).absorbing([Event(word: 1), Event(word: 1)])
    #expect(hex(CountedSet.encoded([set])) == "02" + "0204" + "03" + "0100000000000000")
  }
}
