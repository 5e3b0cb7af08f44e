// Certificates for one test, made by the openssl command: an authority of our own, a server and a client of
// it, and a stranger that nobody signed but itself.
import Foundation
import TestSupport

struct CommandFailure: Error {
  let text: String
}

struct Certificates {
  let folder: String

  /// Makes them in a temporary folder, which goes at the end of the call.
  static func with<Result>(_ body: (Certificates) throws -> Result) throws -> Result {
    try withTemporaryDirectory { folder in
      let certificates = Certificates(folder: folder)
      try certificates.makeAuthority()
      try certificates.make("server", name: "localhost")
      try certificates.make("client", name: "a client")
      try certificates.openssl(
        ["req", "-x509", "-days", "2", "-subj", "/CN=stranger", "-out", "stranger.pem"]
          + newKey("stranger"))
      return try body(certificates)
    }
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// Runs `openssl` in the folder.
  func openssl(_ words: [String]) throws { _ = try Self.run("openssl", words, in: folder) }

  /// Runs a program to its end and gives its standard output.
  static func run(
    _ program: String, _ words: [String], in folder: String, input: Pipe? = nil
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + words
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = input ?? FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailure(text: String(decoding: complaint, as: UTF8.self))
    }
    return text
  }

  /// Elliptic curves, because making RSA keys takes long.
  private static func newKey(_ name: String) -> [String] {
    [
      "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
      "\(name).key",
    ]
  }

  private func makeAuthority() throws {
    try openssl(
      ["req", "-x509", "-days", "2", "-subj", "/CN=authority", "-out", "authority.pem"]
        + Self.newKey("authority"))
  }

  private func make(_ file: String, name: String) throws {
    try openssl(["req", "-subj", "/CN=\(name)", "-out", "\(file).csr"] + Self.newKey(file))
    try openssl([
      "x509", "-req", "-days", "2", "-in", "\(file).csr", "-CA", "authority.pem", "-CAkey",
      "authority.key", "-CAcreateserial", "-out", "\(file).pem",
    ])
  }
}
