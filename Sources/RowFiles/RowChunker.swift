// One file cut into chunks of whole rows. Any thread may ask for the next chunk: the cutting is under a
// lock, the parsing is not, so that a few workers that pull chunks need no thread or queue besides.
import Synchronization

/// Cuts a byte source into chunks that end where rows end; the header row of a CSV file is taken off.
///
/// Memory: about one chunk in the chunker and one per `RowChunk` that is still held.
public final class RowChunker: Sendable {
  /// Sizes in bytes.
  public struct Options: Sendable {
    /// How much is read before a chunk is cut.
    public var chunkSize = 4 << 20
    /// The longest row that is accepted, its line end included.
    public var rowLimit = 16 << 20

    /// An offset in uncompressed bytes at which a chunk is to end, for a reader that goes on where an
    /// earlier one stopped and has to see the bytes before that as well.
    public var forcedCut: Int?

    public init() {}
    public init(chunkSize: Int, rowLimit: Int = 16 << 20) {
      precondition(chunkSize > 0 && rowLimit > 0 && rowLimit <= 1 << 30)
      self.chunkSize = chunkSize
      self.rowLimit = rowLimit
    }
  }

  public let path: String
  public let format: RowFormat
  /// The header row of a CSV file; nil for JSON Lines.
  public let header: CSVHeader?
  /// The size of the file on disk, or nil where it is not known; see `RowChunk.compressedPosition`.
  public let compressedSize: Int?

  private let cutter: Mutex<ChunkCutter>

  /// Reads the header of a CSV file, and goes on to `start` where that lies behind it.
  /// Throws what reading throws, `noHeader`, `badHeader`, and `endsBefore`.
  public init(
    _ source: consuming sending ByteSource, format: RowFormat, options: Options = Options(),
    startingAt start: RowPosition = .start
  ) throws(RowFileError) {
    path = source.path
    compressedSize = source.compressedSize
    self.format = format
    var cutter = ChunkCutter(source, format: format, options: options)
    header = try cutter.readHeader()
    try cutter.goOn(to: start)
    self.cutter = Mutex(cutter)
  }

  /// Opens a file, or standard input for `-`. Without a format the name's ending decides.
  public convenience init(
    path: String, format: RowFormat? = nil, options: Options = Options(),
    startingAt start: RowPosition = .start
  ) throws(RowFileError) {
    let format = try RowFormat.of(path, explicit: format)
    try self.init(ByteSource(path: path), format: format, options: options, startingAt: start)
  }

  /// The next chunk, or nil after the last. Safe from any thread; chunks are numbered in file order.
  /// Throws what reading throws and `rowTooLong`; whole rows before a defect are handed out first, and
  /// later calls throw again.
  public func next() throws(RowFileError) -> RowChunk? {
    try cutter.withLock { (cutter) throws(RowFileError) in try cutter.next() }
  }
}
