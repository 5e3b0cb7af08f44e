// Compressed sources: recognised by their bytes, read over all their members, refused where they end
// early or hold something else.
import FeatureModel
import Foundation
import RowFiles
import Testing

struct GzipTests {
  /// `printf 'a\n1\n' | gzip -n`, made by GNU gzip.
  static let golden: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xe4, 0x32, 0xe4,
    0x02, 0x00, 0x00, 0x24, 0xc1, 0x89, 0x04, 0x00, 0x00, 0x00,
  ]

  static let text = "a\n" + (1...2000).map { "row \($0)\n" }.joined()

  static func gzip(_ text: String) throws -> [UInt8] {
    let folder = Folder()
    var sink = try ByteSink(path: "\(folder.path)/x.gz")
    var text = text
    try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
    _ = try sink.finish()
    return folder.bytes("x.gz")
  }

  static func rows(_ bytes: [UInt8]) throws -> [String?] {
    try read(bytes, .csv, strings("a")).texts.map { $0[0] }
  }

  @Test("what GNU gzip writes is read, whatever the file is called")
  func gnuGzip() throws {
    #expect(try Self.rows(Self.golden) == ["1"])
  }

  @Test("a compressed file gives the rows of the plain one")
  func same() throws {
    #expect(try Self.rows(Self.gzip(Self.text)) == Self.rows(Array(Self.text.utf8)))
  }

  @Test("members that stand one behind the other are one file, wherever a row is cut")
  func members() throws {
    for cut in [0, 1, 2, 3, 100, Self.text.utf8.count] {
      let parts = (String(Self.text.prefix(cut)), String(Self.text.dropFirst(cut)))
      let bytes = try Self.gzip(parts.0) + Self.gzip("") + Self.gzip(parts.1)
      #expect(try Self.rows(bytes) == Self.rows(Array(Self.text.utf8)), "cut at \(cut)")
    }
  }

  @Test("zeros behind the last member are padding; other bytes are an error")
  func trailing() throws {
    let bytes = try Self.gzip(Self.text)
    let expected = try Self.rows(Array(Self.text.utf8))
    #expect(try Self.rows(bytes + Array(repeating: 0, count: 600_000)) == expected)
    let count = Self.text.utf8.count
    for garbage in ["x", "\0\0x", "plain text"] {
      #expect {
        _ = try Self.rows(bytes + Array(garbage.utf8))
      } throws: {
        ($0 as? RowFileError)?.problem == .gzipGarbage(after: count)
      }
    }
  }

  @Test("a file that is cut short is an error at every length, never a shorter file")
  func truncated() throws {
    let bytes = try Self.gzip(String(Self.text.prefix(60)))
    for length in 2..<bytes.count {
      #expect("cut at \(length)") {
        _ = try Self.rows(Array(bytes.prefix(length)))
      } throws: { error in
        guard case .gzipCutShort(let count) = (error as? RowFileError)?.problem else {
          return false
        }
        return count <= 60 && "\(error)".contains("gzip data is cut short after \(count) bytes")
      }
    }
  }

  @Test("rows before a cut are handed out first, and then the error, each time")
  func rowsBeforeCut() throws {
    let folder = Folder()
    let path = folder.file("x.gz", Array(try Self.gzip(Self.text).dropLast(9)))
    let chunker = try RowChunker(path: path, format: .csv)
    let chunk = try #require(try chunker.next())
    #expect(chunk.bytes.count > 10_000)
    #expect(chunk.bytes.last == 0x0A)
    for _ in 0..<2 { #expect(throws: RowFileError.self) { _ = try chunker.next() } }
  }

  @Test("a flipped byte is an error or, where the header does not matter, changes nothing")
  func flipped() throws {
    let bytes = try Self.gzip(String(Self.text.prefix(200)))
    let expected = try Self.rows(Array(Self.text.utf8.prefix(200)))
    for index in 2..<bytes.count {
      var changed = bytes
      changed[index] ^= 0x10
      if let rows = try? Self.rows(changed) { #expect(rows == expected, "byte \(index)") }
    }
  }

  @Test("progress counts bytes on disk and ends at one")
  func progress() throws {
    let folder = Folder()
    let bytes = try Self.gzip(Self.text)
    var source = try ByteSource(path: folder.file("x", bytes))
    #expect(source.isGzip && source.compressedSize == bytes.count)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
    defer { buffer.deallocate() }
    while try source.read(into: buffer) > 0 {}
    #expect(source.offset == Self.text.utf8.count)
    #expect(source.fractionDone == 1)
  }

  @Test("a file that is not there, or is a folder, is named in the error")
  func missing() {
    #expect { _ = try ByteSource(path: "/no/such/file") } throws: {
      "\($0)" == "/no/such/file: cannot be opened: No such file or directory"
    }
    #expect { _ = try ByteSource(path: "/tmp") } throws: {
      "\($0)" == "/tmp: cannot be read: Is a directory"
    }
  }
}
