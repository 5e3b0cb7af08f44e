// Exact sums by Python: float(sum(map(Fraction, xs))), checked against math.fsum. All numbers are the bits
// of doubles.
import Testing

/// Doubles, and the double nearest to their sum.
struct SumCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let terms: [UInt64]
  let sum: UInt64

  init(_ name: String, _ terms: [UInt64], _ sum: UInt64) {
    (testDescription, self.terms, self.sum) = (name, terms, sum)
  }

  static let all: [SumCase] = [
    SumCase("nothing", [], 0x0),
    SumCase("a negative zero", [0x8000_0000_0000_0000, 0x8000_0000_0000_0000], 0x0),
    SumCase(
      "tenths",
      [
        0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a,
        0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a,
        0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a,
      ], 0x3ff0_0000_0000_0000),
    SumCase(
      "ones lost beside a large number",
      [0x4341_c379_37e0_8000, 0x3ff0_0000_0000_0000, 0x3ff0_0000_0000_0000, 0xc341_c379_37e0_8000],
      0x4000_0000_0000_0000),
    SumCase(
      "huge and tiny",
      [0x7e37_e43c_8800_759c, 0x1a5_6e1f_c2f8_f359, 0xfe37_e43c_8800_759c, 0x1a5_6e1f_c2f8_f359],
      0x1b5_6e1f_c2f8_f359),
    SumCase("least subnormals", [0x1, 0x1, 0x1], 0x3),
    SumCase("subnormals that become normal", [0xf_ffff_ffff_ffff, 0x1], 0x10_0000_0000_0000),
    SumCase(
      "cancelling to a subnormal",
      [0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000, 0x1268_8b70_e62b], 0x1268_8b70_e62b),
    SumCase(
      "largest, and back", [0x7fef_ffff_ffff_ffff, 0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff],
      0x7fef_ffff_ffff_ffff),
    SumCase(
      "beyond the largest", [0x7fef_ffff_ffff_ffff, 0x7fef_ffff_ffff_ffff], 0x7ff0_0000_0000_0000),
    SumCase(
      "beyond the least", [0xffef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff], 0xfff0_0000_0000_0000),
    SumCase(
      "half an ulp beyond the largest", [0x7fef_ffff_ffff_ffff, 0x7c90_0000_0000_0000],
      0x7ff0_0000_0000_0000),
    SumCase(
      "just below half an ulp beyond the largest", [0x7fef_ffff_ffff_ffff, 0x7c8f_ffff_ffff_fffe],
      0x7fef_ffff_ffff_ffff),
    SumCase(
      "a tie to even, down", [0x3ff0_0000_0000_0000, 0x3ca0_0000_0000_0000], 0x3ff0_0000_0000_0000),
    SumCase(
      "a tie to even, up", [0x3ff0_0000_0000_0001, 0x3ca0_0000_0000_0000], 0x3ff0_0000_0000_0002),
    SumCase(
      "a tie broken by the least subnormal", [0x3ff0_0000_0000_0000, 0x3ca0_0000_0000_0000, 0x1],
      0x3ff0_0000_0000_0001),
    SumCase(
      "a tie broken downward",
      [0x3ff0_0000_0000_0000, 0x3ca0_0000_0000_0000, 0x8000_0000_0000_0001], 0x3ff0_0000_0000_0000),
    SumCase(
      "a negative tie broken",
      [0xbff0_0000_0000_0000, 0xbca0_0000_0000_0000, 0x8000_0000_0000_0001], 0xbff0_0000_0000_0001),
    SumCase(
      "everything at once",
      [
        0x7fef_ffff_ffff_ffff, 0x1, 0xffef_ffff_ffff_ffff, 0x3ff0_0000_0000_0000,
        0xbff0_0000_0000_0000, 0x1,
      ], 0x2),
    SumCase(
      "a random mix",
      [
        0xa186_86a4_486d_32e9, 0x8bae_d824_c9ea_3e72, 0xf368_75df_d8b7_d712, 0xfd5f_c651_3968_72b8,
        0xed64_08b0_8e8f_ca31, 0x93de_bc20_cca6_499f, 0x9034_9a6e_f0dc_9e08, 0xf6b0_78c0_ebf3_4df6,
        0xf9b1_083d_ba8e_3465, 0xb0f5_4518_3867_dd1d, 0x7d44_73ed_3220_a3b3, 0x7c22_605a_5422_8e6f,
      ], 0xfd55_8c58_544c_d65a),
    SumCase(
      "prices",
      [
        0x4082_4c51_eb85_1eb8, 0x4048_cb85_1eb8_51ec, 0x406b_a28f_5c28_f5c3, 0x4081_6547_ae14_7ae1,
        0x4060_a570_a3d7_0a3d, 0x407a_323d_70a3_d70a, 0x4080_e585_1eb8_51ec, 0x4081_d747_ae14_7ae1,
        0x4081_8214_7ae1_47ae, 0x4085_5000_0000_0000, 0x4059_c3d7_0a3d_70a4, 0x4081_d999_9999_999a,
      ], 0x40b3_814c_cccc_cccd),
    SumCase(
      "carries across every limb", [0x7e70_0000_0000_0000, 0x8000_0000_0000_0001],
      0x7e70_0000_0000_0000),
  ]
}
