// A stack for what recurses deep: a text may nest as deep as its canonical form does, each level takes several
// calls, and a caller's own thread may have little stack. So deep texts are read on a thread made for them.
import Glibc

enum DeepStack {
  /// Several times what the deepest text takes (2.5 MB); memory is taken as it is used.
  private static let bytes = 16 << 20

  private final class Call {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Runs on a thread with much stack, and waits for it.
  /// - Returns: nil where the system has no thread to give; then nothing was run.
  static func run<Result>(_ body: () -> Result) -> Result? {
    var result: Result?
    withoutActuallyEscaping(body) { body in
      let call = Call { result = body() }
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      defer { pthread_attr_destroy(&attributes) }
      pthread_attr_setstacksize(&attributes, bytes)
      var thread = pthread_t()
      // Borrowed: the call lives until the thread has ended.
      let failure = pthread_create(
        &thread, &attributes,
        { raw in
          Unmanaged<Call>.fromOpaque(raw!).takeUnretainedValue().body()
          return nil
        }, Unmanaged.passUnretained(call).toOpaque())
      if failure == 0 { pthread_join(thread, nil) }
      withExtendedLifetime(call) {}
    }
    return result
  }
}
