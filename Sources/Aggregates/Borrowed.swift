// Objects that are called for every row. To loop over an array of them counts each one's references up and down
// again, with two atomic operations; here the owner's hold on all of them is relied on.

/// Some objects, owned, to be called in their order. Not for use by two threads at once.
public struct Borrowed<Object: AnyObject> {
  private let owned: [Object]
  @usableFromInline let objects: [Unmanaged<Object>]

  public init(_ objects: [Object]) {
    owned = objects
    self.objects = objects.map { .passUnretained($0) }
  }

  @inlinable public var count: Int { objects.count }

  @inlinable @inline(__always)
  public func callEach<Failure: Error>(_ body: (Object) throws(Failure) -> Void) throws(Failure) {
    try callEach(0..<objects.count, body)
  }

  /// Those at some places.
  @inlinable @inline(__always)
  public func callEach<Failure: Error>(
    _ places: Range<Int>, _ body: (Object) throws(Failure) -> Void
  ) throws(Failure) {
    for place in places { try call(place, body) }
  }

  /// The one at a place.
  @inlinable @inline(__always)
  public func call<Failure: Error>(
    _ place: Int, _ body: (Object) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    objects[place]._withUnsafeGuaranteedRef { object in
      do throws(Failure) { try body(object) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
