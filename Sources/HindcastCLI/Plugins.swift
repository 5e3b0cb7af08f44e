// Compiled plugins: programs of their own, which are run and asked in words, so that no Swift type of theirs
// has to fit one of this program's, and a plugin that fails takes nothing down with it.
import Foundation
import Glibc
import Hindcast

enum Plugins {
  /// Whether a file is a program with Hindcast's library in it, as all plugins are. Others are never run.
  static func isPlugin(_ path: String) -> Bool {
    guard let file = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
      isProgram(file), canStart(file)
    else { return false }
    return file.range(of: Data(FeaturePluginProtocol.marker.utf8)) != nil
  }

  /// Whether it is in the format of programs and libraries; no text begins so.
  static func isProgram(_ file: Data) -> Bool {
    file.starts(with: [0x7F, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")])
  }

  /// Programs say where they start, at byte 24 of their header (elf(5)); libraries say zero.
  private static func canStart(_ file: Data) -> Bool {
    let entry = file.dropFirst(24).prefix(8)
    return entry.count == 8 && entry.contains { $0 != 0 }
  }

  static func noPlugin(_ path: String) -> HindcastError {
    .refused(
      "\(path): not a plugin, which is a whole program with Hindcast's library in it: build it "
        + "anew, or name its executable")
  }

  static func declarations(of path: String) throws(HindcastError) -> DeclarationText {
    let (code, output) = try run(path, ["declarations"])
    guard code == 0 else {
      throw .refused("\(path): the plugin cannot say what it declares (exit code \(code))")
    }
    var text = DeclarationText(name: path, text: [UInt8](output))
    text.isPlugin = true
    return text
  }

  /// A sample with what the plugin among `texts` that declares the stream computes; nil where none does.
  /// - Returns: a file of JSON Lines, which is the caller's to remove, and whether it has all of the rows.
  static func sample(
    _ path: String, of stream: String, by texts: [DeclarationText], format: RowFormat?
  ) throws(HindcastError) -> (path: String, isWhole: Bool)? {
    guard let plugin = texts.first(where: { $0.isPlugin && declares($0, stream) }) else {
      return nil
    }
    let options = ["--bytes", "\(64 << 20)"] + (format.map { ["--format", $0.rawValue] } ?? [])
    let (code, rows) = try run(plugin.name, ["rows", stream, path] + options)
    guard code == 0 || code == ExitCode.found.rawValue else {
      throw .refused("\(plugin.name): the plugin cannot read \(path) (exit code \(code))")
    }
    let whole = FileManager.default.temporaryDirectory
      .appendingPathComponent("hindcast-sample-\(UUID().uuidString).jsonl").path
    guard FileManager.default.createFile(atPath: whole, contents: rows) else {
      throw .refused("\(whole): cannot be written")
    }
    return (whole, code == 0)
  }

  /// Goes on as the plugin, which does the rest and ends with its exit code.
  static func become(_ path: String, _ words: [String]) throws(HindcastError) {
    guard isPlugin(path) else { throw noPlugin(path) }
    let resolved = URL(fileURLWithPath: path).path
    var arguments = ([resolved] + words).map { strdup($0) } + [nil]
    execv(resolved, &arguments)
    throw .refused("\(path): cannot be run: \(String(cString: strerror(errno)))")
  }

  private static func declares(_ text: DeclarationText, _ stream: String) -> Bool {
    let json = try? JSONValue.parse(String(decoding: text.text, as: UTF8.self))
    guard case .array(let declarations)? = json?.content else { return false }
    return declarations.contains { $0["fields"] != nil && $0["stream"] == .string(stream) }
  }

  /// What it complains of goes to standard error as it comes.
  private static func run(
    _ path: String, _ words: [String]
  ) throws(HindcastError) -> (code: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = words
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    do { try process.run() } catch {
      throw .refused("\(path): the plugin cannot be run: \(error.localizedDescription)")
    }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let ended = process.terminationReason == .exit
    return (ended ? process.terminationStatus : 128 + process.terminationStatus, output)
  }
}
