// The stored bytes of every codec, frozen: a change here is a change of the stored format. The sum columns
// were made by an independent encoder in Python, the decimal one by hand.
import Aggregates
import Testing

@Suite("Columns are stored in frozen bytes")
struct GoldenColumnTests {
  @Test(arguments: Self.sums)
  func sumsAreStoredSo(name: String, values: [Double], bytes: String) throws {
    let entries = values.map { value in
      var partial = SumPartial(.double)
      partial.absorb(word: value.bitPattern, time: 0)
      return partial
    }
    #expect(hex(SumPartial.encoded(entries)) == bytes)
    for (index, entry) in entries.enumerated() {
      let column = SumPartial.encoded(entries)
      let back = try SumPartial(.double).folding(column, rows: entries.count, index..<index + 1)
      #expect(back == entry)
    }
  }

  static let sums: [(String, [Double], String)] = [
    ("no entries", [], "0000000000"),
    ("one zero", [0.0], "0000000000"),
    ("equal counts", [3.0, 3.0, 3.0, 3.0, 3.0], "0000000600"),
    ("counts", [1.0, 2.0, 300.0], "0000000202000001002b01"),
    ("even numbers share their factor", [4.0, 8.0, -12.0, 0.0], "000200050104050003"),
    (
      "tenths", [0.1, 0.25, -7.5],
      "0202db0b02f8020703000000"
    ),
    ("two bytes", [0.0, 65535.0], "00000000020000ffff"),
    ("three bytes", [0.0, 65536.0, 1.0], "0000000003000000000001010000"),
    (
      "a wide spread", [1e+20, 1.0, -1e+20],
      "000000ffffffb0ac8bafc7d71509000020c65abc8ed70a010010632d5ec76b05000000000000000000"
    ),
    (
      "sixteen bytes", [8.507059173023462e+37, -8.507059173023462e+37, 1.0],
      "000000ffffffffffffffffffffffffffffffffffff0110000000000000000000000000000000800000000000000000000000000000000001000000000000000000000000000040"
    ),
    (
      "far apart", [1e+300, -1e-300, 0.0], "010ab20300671d00220ff9050ae7fb0159f3f8c21f6e1503000000"
    ),
    (
      "the least and the greatest", [.leastNonzeroMagnitude, -.greatestFiniteMagnitude],
      "0104cefb00010acb0301ffffffffffff1f"
    ),
  ]

  @Test func extremesAreStoredSo() {
    let some = [3, nil, 260].map { extremum($0) }
    #expect(hex(Extremum.encoded(some)) == "0105" + "0300000000000000" + "02000000000101")
    let equal = [-1, -1].map { extremum($0) }
    #expect(hex(Extremum.encoded(equal)) == "00" + "ffffffffffffffff" + "00")
    #expect(hex(Extremum.encoded([])) == "00" + "0000000000000000" + "00")
    #expect(hex(Extremum.encoded([extremum(nil)])) == "0100" + "0000000000000000" + "00")
  }

  @Test func edgesAreStoredSo() {
    let entries = [10, 12].map { time in
      EdgeValue(.greatest).absorbing([Event(word: 5, time: time)])
    }
    #expect(
      hex(EdgeValue.encoded(entries)) == "00" + "0a00000000000000" + "010002"
        + "0500000000000000" + "00")
  }

  @Test func textsAreStoredSo() {
    let texts: [[UInt8]?] = [[0x62], nil, []]
    let entries = texts.map { text in
      TextExtremum(.least).absorbing(text.map { [Event(text: $0)] } ?? [])
    }
    #expect(hex(TextExtremum.encoded(entries)) == "0105" + "0100" + "62")
    let edges = [
      TextEdge(.least).absorbing([Event(time: 7, text: [0xc3, 0xa9])]), TextEdge(.least),
    ]
    #expect(
      hex(TextEdge.encoded(edges)) == "0700000000000000" + "00" + "0101" + "02" + "c3a9")
  }

  @Test func distinctSetsAreStoredSo() {
    let neutral = DistinctSet(exactUpTo: 2, precision: 4)
    func set(_ hashes: UInt64...) -> DistinctSet {
      neutral.absorbing(hashes.map { Event(word: $0) })
    }
    let exact = [set(1 << 63, 1, 1), neutral]
    #expect(
      hex(DistinctSet.encoded(exact)) == "0204" + "04" + "01000000000000000000000000000080" + "02")
    let sparse = set(0, 0x18 << 56, 0x24 << 56)
    #expect(hex(DistinctSet.encoded([sparse])) == "0204" + "0103" + "00003d" + "010001" + "020002")
    let dense = set(0, 0x18 << 56, 0x24 << 56, 0x38 << 56)
    #expect(hex(DistinctSet.encoded([dense])) == "0204" + "00" + "7d2004" + "000000000000000000")
    #expect(hex(DistinctSet.encoded([DistinctSet()])) == "0000" + "02")
  }

  @Test func valuesAreHashedSo() {
    #expect(DistinctSet.hash(word: 1, type: .int) == 0x9ed5_0fd5_9358_d232)
    #expect(
      DistinctSet.hash(word: UInt64(bitPattern: -7), type: .timestamp) == 0xe8ea_2800_81c6_93d9)
    #expect(DistinctSet.hash(word: (2.5).bitPattern, type: .double) == 0x21cb_9c2b_6baa_aa50)
    let zero: UInt64 = 0xb71b_47eb_da15_746c
    #expect(DistinctSet.hash(word: (-0.0).bitPattern, type: .double) == zero)
    #expect(DistinctSet.hash(word: 0, type: .double) == zero)
    #expect(Array("".utf8).withUnsafeBytes { DistinctSet.hash(text: $0) } == 0x98b1_582b_0977_e704)
    let umlaut = Array("component/ümlaut".utf8).withUnsafeBytes { DistinctSet.hash(text: $0) }
    #expect(umlaut == 0xaf25_e670_5398_00b9)
  }

  private func extremum(_ value: Int64?) -> Extremum {
    Extremum(.least).absorbing(value.map { [Event(word: UInt64(bitPattern: $0))] } ?? [])
  }
}
