// Sample variances by Python: float of the exact fraction, checked against statistics.variance. All
// numbers but the ints are the bits of doubles.
import Testing

/// Doubles, and the double nearest to their sample variance.
struct VarianceCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let terms: [UInt64]
  let variance: UInt64

  init(_ name: String, _ terms: [UInt64], _ variance: UInt64) {
    (testDescription, self.terms, self.variance) = (name, terms, variance)
  }

  static let all: [VarianceCase] = [
    VarianceCase("two equal", [0x3fb9_9999_9999_999a, 0x3fb9_9999_9999_999a], 0x0),
    VarianceCase("two", [0x3ff0_0000_0000_0000, 0x4000_0000_0000_0000], 0x3fe0_0000_0000_0000),
    VarianceCase(
      "small spread on a large level",
      [0x41cd_cd65_0200_0000, 0x41cd_cd65_0380_0000, 0x41cd_cd65_0680_0000, 0x41cd_cd65_0800_0000],
      0x403e_0000_0000_0000),
    VarianceCase(
      "tenths",
      [0x3fb9_9999_9999_999a, 0x3fc9_9999_9999_999a, 0x3fd3_3333_3333_3333, 0x3fd9_9999_9999_999a],
      0x3f91_1111_1111_1111),
    VarianceCase(
      "huge", [0x5f13_8d35_2e50_96af, 0xdf13_8d35_2e50_96af, 0x5f2d_53cf_c578_e207],
      0x7e57_e43c_8800_759c),
    VarianceCase(
      "numerator beyond the doubles",
      [
        0x5fe7_dddf_6b09_5ff1, 0x5ff7_dddf_6b09_5ff1, 0x6001_e667_9047_07f5, 0x6007_dddf_6b09_5ff1,
        0x600d_d557_45cb_b7ed, 0x6011_e667_9047_07f5, 0x6014_e223_7da8_33f3, 0x6017_dddf_6b09_5ff1,
        0x5fe7_dddf_6b09_5ff1, 0x5ff7_dddf_6b09_5ff1, 0x6001_e667_9047_07f5, 0x6007_dddf_6b09_5ff1,
        0x600d_d557_45cb_b7ed, 0x6011_e667_9047_07f5, 0x6014_e223_7da8_33f3, 0x6017_dddf_6b09_5ff1,
        0x5fe7_dddf_6b09_5ff1, 0x5ff7_dddf_6b09_5ff1, 0x6001_e667_9047_07f5, 0x6007_dddf_6b09_5ff1,
        0x600d_d557_45cb_b7ed, 0x6011_e667_9047_07f5, 0x6014_e223_7da8_33f3, 0x6017_dddf_6b09_5ff1,
        0x5fe7_dddf_6b09_5ff1, 0x5ff7_dddf_6b09_5ff1, 0x6001_e667_9047_07f5, 0x6007_dddf_6b09_5ff1,
        0x600d_d557_45cb_b7ed, 0x6011_e667_9047_07f5, 0x6014_e223_7da8_33f3, 0x6017_dddf_6b09_5ff1,
      ], 0x7ff0_0000_0000_0000),
    VarianceCase(
      "beyond the doubles", [0x7e37_e43c_8800_759c, 0xfe37_e43c_8800_759c], 0x7ff0_0000_0000_0000),
    VarianceCase("tiny", [0x1eb6_7e9c_127b_6e74, 0x1ed0_def5_0ddc_92d7], 0xfd0),
    VarianceCase("rounding to nothing", [0x1668_7e92_154e_f7ac, 0x1678_7e92_154e_f7ac], 0x0),
    VarianceCase("subnormal spread", [0x1, 0x2], 0x0),
    VarianceCase(
      "wide mix", [0x54b2_49ad_2594_c37d, 0x3ff0_0000_0000_0000, 0x2b2b_ff2e_e48e_0530],
      0x695b_decb_ca74_8323),
    VarianceCase(
      "cancelling", [0x4341_c379_37e0_8000, 0x3ff0_0000_0000_0000, 0xc341_c379_37e0_8000],
      0x4693_b8b5_b505_6e17),
    VarianceCase(
      "random",
      [
        0x3e87_202c_ef73_dec9, 0x3e66_7aef_e569_c1d3, 0xc0f4_f7b4_5487_0547, 0xc053_e997_2f9e_9e7d,
        0xc0a1_4c8f_d4d5_2d2c, 0x4013_7256_8d3a_2eca, 0x3f44_64ca_1042_9da0, 0x3ea5_1f87_2e94_1f19,
        0xc05b_3cd4_e77f_d823,
      ], 0x41c8_4518_9925_7998),
    VarianceCase(
      "largest", [0x7fef_ffff_ffff_ffff, 0x7fef_ffff_ffff_ffff, 0x7fef_ffff_ffff_ffff], 0x0),
  ]

  static let ints: [(terms: [Int64], variance: UInt64)] = [
    ([1, 2, 3, 4], 0x3ffa_aaaa_aaaa_aaab),
    ([0, 0], 0x0),
    ([.min, 9_223_372_036_854_775_807], 0x47e0_0000_0000_0000),
    ([.min, .min, .min], 0x0),
    (
      [9_223_372_036_854_775_807, 9_223_372_036_854_775_806, 9_223_372_036_854_775_807],
      0x3fd5_5555_5555_5555
    ),
    (
      [1_000_000_000, 1_000_000_001, 1_000_000_002, 1_000_000_003, 1_000_000_004],
      0x4004_0000_0000_0000
    ),
    ([3_037_000_500, 3_037_000_499, -3_037_000_500], 0x43e5_5555_5547_b18c),
  ]
}
