// What a declaration may say about an aggregate function. The catalogue itself lives in Aggregates, which
// hands its signatures to the declaration reader, so that a new function is known to both by its one file.

/// The name, input and parameters of one aggregate function.
public struct AggregateSignature: Sendable {
  /// The key in a declaration: `sum`.
  public let name: String
  /// One sentence for help and documentation.
  public let summary: String
  /// The field types it takes in.
  public let accepts: Set<FieldType>
  /// True where `true` may stand for a field: the function then counts rows.
  public let acceptsRows: Bool
  public let parameters: [Parameter]
  /// The field types for which it can be had `by` the categories of another field; with the rows, if it
  /// takes those.
  public let categorized: Set<FieldType>
  /// The type of its values for a field of the given type (nil: rows).
  public let result: @Sendable (FieldType?) -> FieldType

  public struct Parameter: Sendable {
    public let name: String
    /// Of a length of time: how many slices it may have.
    public let range: ClosedRange<Int64>
    /// Nil where it has to be declared.
    public let defaultValue: Int64?

    public init(name: String, range: ClosedRange<Int64>, defaultValue: Int64) {
      self.name = name
      self.range = range
      self.defaultValue = defaultValue
    }

    private init(lengthOfTime name: String) {
      self.name = name
      range = 1...ViewReader.longestWindow
      defaultValue = nil
    }

    /// The age at which an event counts half: a length of time, a whole number of slices.
    public static let halfLife = Parameter(lengthOfTime: Aggregation.halfLife)

    /// Declared as text such as `7d`; milliseconds in an `Aggregation`.
    public var isLengthOfTime: Bool { name == Aggregation.halfLife }
  }

  public init(
    name: String, summary: String, accepts: Set<FieldType>, acceptsRows: Bool = false,
    parameters: [Parameter] = [], categorized: Set<FieldType> = [],
    result: @escaping @Sendable (FieldType?) -> FieldType
  ) {
    self.name = name
    self.summary = summary
    self.accepts = accepts
    self.acceptsRows = acceptsRows
    self.parameters = parameters
    self.categorized = categorized
    self.result = result
  }
}
