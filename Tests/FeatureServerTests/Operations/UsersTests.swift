// Passwords and roles: the digest by the standard's own vectors, and who gets in.
import FeatureServer
import Testing

@Suite struct UsersTests {
  @Test(
    "SHA-256 gives what FIPS 180-4 and NIST's examples give",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
          + "mnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func digests(text: String, expected: String) {
    #expect(SHA256(of: text).hex == expected)
  }

  /// By `openssl dgst -sha256` on as many letters x: lengths around the ends of blocks.
  @Test(
    "The padding is right around the end of a block",
    arguments: [
      (55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"),
      (56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"),
      (63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"),
      (64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"),
      (65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"),
    ])
  func padding(count: Int, expected: String) {
    #expect(SHA256(of: String(repeating: "x", count: count)).hex == expected)
  }

  @Test func `Hexadecimal text is read whole or not at all`() {
    let digest = SHA256(of: "abc")
    #expect(SHA256(hex: digest.hex)?.isSame(as: digest) == true)
    #expect(SHA256(hex: digest.hex.uppercased())?.isSame(as: digest) == true)
    #expect(SHA256(hex: digest.hex)?.isSame(as: SHA256(of: "abd")) == false)
    for wrong in [
      "", String(digest.hex.dropLast()), digest.hex + "0", "g" + digest.hex.dropFirst(),
    ] {
      #expect(SHA256(hex: wrong) == nil, "\(wrong)")
    }
  }

  private static let users = Users([
    User(name: "default", role: .admin, password: SHA256(of: "open sesame")),
    User(name: "dashboard", role: .read, password: SHA256(of: "look only")),
    User(name: "loader", role: .write, password: SHA256(of: "")),
  ])

  @Test func `Name and password together give the role`() {
    #expect(Self.users.authenticate(password: "open sesame") == .admin)
    #expect(Self.users.authenticate(name: "dashboard", password: "look only") == .read)
    #expect(Self.users.authenticate(name: "loader", password: "") == .write)
  }

  @Test func `Another's password, a near one and an unknown name give nothing`() {
    #expect(Self.users.authenticate(password: "look only") == nil)
    #expect(Self.users.authenticate(name: "dashboard", password: "open sesame") == nil)
    #expect(Self.users.authenticate(name: "dashboard", password: "look onlx") == nil)
    #expect(Self.users.authenticate(name: "dashboard", password: "look only ") == nil)
    #expect(Self.users.authenticate(name: "Dashboard", password: "look only") == nil)
    #expect(Self.users.authenticate(name: "", password: "") == nil)
    #expect(Self.users.roleOfStrangers == nil)
  }

  @Test func `Without users everybody is an admin`() {
    let nobody = Users()
    #expect(nobody.roleOfStrangers == .admin)
    #expect(nobody.authenticate(password: "whatever") == .admin)
    #expect(nobody.authenticate(name: "dashboard", password: "whatever") == nil)
  }

  @Test func `Roles grow from reading over writing to administration`() {
    #expect(Role.allCases.sorted() == [.read, .write, .admin])
    #expect(Role.read < .admin && !(Role.write < .read))
  }

  @Test func `A user in a message shows name and role alone`() {
    let user = Self.users.all[1]
    #expect("\(user)" == "dashboard (read)")
    #expect(String(reflecting: user) == "dashboard (read)")
    var dumped = ""
    dump(Self.users, to: &dumped)
    #expect(dumped.contains("dashboard") && !dumped.contains("password"))
  }
}
