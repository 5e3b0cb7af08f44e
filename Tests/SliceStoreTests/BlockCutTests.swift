// Where blocks begin: every slice in one block, blocks end to end, and no border that all entities share.
import SliceStore
import TestSupport
import Testing

@Suite struct BlockCutTests {
  @Test(arguments: TestRounds.seeds(4), [1, 128, 2048])
  func `Each slice lies in the block that covers it`(seed: UInt64, length: Int) {
    var random = SplitMix64(seed)
    let cut = BlockCut(slicesPerBlock: length)
    for _ in 0..<2000 {
      let hash = random.next()
      let slice = Int64(random.below(8_000_000)) - 4_000_000
      let block = cut.block(of: slice, hash)
      let first = cut.firstSlice(of: block, hash)
      #expect((first..<first + Int64(length)).contains(slice), "seed \(seed)")
      #expect(cut.firstSlice(of: block + 1, hash) == first + Int64(length), "seed \(seed)")
    }
  }

  @Test func `At any date one entity in so many begins a block`() {
    var random = SplitMix64(7)
    let cut = BlockCut(slicesPerBlock: 128)
    let borders = (0..<12_800).count { _ in
      let hash = random.next()
      return cut.firstSlice(of: cut.block(of: 20_480, hash), hash) == 20_480
    }
    #expect((50..<200).contains(borders))
  }
}
