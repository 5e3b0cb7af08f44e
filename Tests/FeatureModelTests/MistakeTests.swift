// Every mistake in a declaration, with its place, its path and words that tell the way out.
import FeatureModel
import Testing

@Suite struct MistakeTests {
  static let good =
    #"{"view": "v", "stream": "commits", "entity": "author", "features": {"{window}_N": {"count": true, "windows": "7d"}}}"#

  /// A view with one part replaced.
  static func view(_ old: String, _ new: String) -> String {
    guard let range = good.firstRange(of: old) else { return "not in the good view: \(old)" }
    return good.replacingCharacters(in: range, with: new)
  }

  @Test("the view that the mistakes are made in has none") func noMistake() throws {
    #expect(Samples.problems(Self.good) == [])
    #expect(try Samples.view(Self.good).features.map(\.name) == ["7d_N"])
  }

  @Test(
    "a mistake in a view",
    arguments: [
      (
        #""view": "v""#, #""view": "a:b""#,
        "1:10 $.view: 'a:b' is no name; a letter or _ comes first, then letters, digits, _ . and -"
      ),
      (
        #""view": "v""#, #""view": 3"#,
        "1:10 $.view: the view's name expected, a string, not a whole number"
      ),
      (
        #", "entity": "author""#, "",
        #"1:1 $: 'entity' is missing; add "entity": ["author"], the fields it describes"#
      ),
      (
        #""author""#, #"["autor"]"#,
        "1:47 $.entity[0]: stream 'commits' has no field 'autor'; did you mean 'author'?"
      ),
      (#""author""#, "[]", "1:46 $.entity: an entity has at least one field"),
      (
        #""author""#, #"["repo", "repo"]"#, "1:55 $.entity[1]: 'repo' is part of the entity already"
      ),
      (
        #""author""#, #""score""#,
        "1:46 $.entity: 'score' is double, and an entity needs exact values; these would do: event_time, "
          + "arrival_time, event_id, author, repo, parents, lines_added, is_bot, odd name`s"
      ),
      (
        #""author""#, "7",
        "1:46 $.entity: the entity's field expected, a string or an array of strings, not a whole number"
      ),
      (
        #""author","#, #""author", "slize": "1d","#,
        "1:56 $.slize: 'slize' is not known here; did you mean 'slice'?"
      ),
      (
        #""author","#, #""author", "slice": "1 day","#,
        "1:65 $.slice: '1 day' is no length of time; write a whole number with m, h, d or w, as in '30d'"
      ),
      (
        #""author","#, #""author", "slice": "400d","#,
        "1:65 $.slice: a slice is at most 366d long, not 400d"
      ),
      (
        #""author","#, #""author", "slice": 86400,"#,
        "1:65 $.slice: a length of time such as '1d' expected, a string, not a whole number"
      ),
      (
        #""author","#, #""author", "where": "parent < 2","#,
        "1:65 $.where: at character 1: there is no field 'parent'; did you mean 'parents'?"
      ),
      (
        #""author","#, #""author", "where": "","#,
        "1:65 $.where: at character 1: a field name expected; a test begins with the field, as in parents is not null"
      ),
      (
        #""author","#, #""author", "retention": "3d","#,
        #"1:129 $.features."{window}_N".windows: 7d is longer than the retention of 3d; no window may reach back further than slices are kept"#
      ),
      (
        #""author","#, #""author", "retention": "36h","#,
        "1:69 $.retention: 36h is not a whole number of slices of 1d; the nearest is 1d or 2d"
      ),
      (
        #""7d""#, #"["7d", "90m"]"#,
        #"1:117 $.features."{window}_N".windows[1]: 90m is not a whole number of slices of 1d; the nearest is 1d"#
      ),
      (
        #""7d""#, #""36h""#,
        #"1:110 $.features."{window}_N".windows: 36h is not a whole number of slices of 1d; the nearest is 1d or 2d"#
      ),
      (
        #""7d""#, #""100001d""#,
        #"1:110 $.features."{window}_N".windows: a window has at most 100000 slices, 100001d has 100001; choose a longer slice or a shorter window"#
      ),
      (
        #""7d""#, "[]", #"1:110 $.features."{window}_N".windows: a feature has at least one window"#
      ),
      (
        #""7d""#, #"["7d", "7d"]"#,
        #"1:69 $.features."{window}_N": the feature '7d_N' comes from its windows too; rename one"#
      ),
      (
        #", "windows": "7d""#, "",
        #"1:69 $.features."{window}_N": 'windows' is missing; add "windows": ["7d", "30d"]"#
      ),
      (
        #""count": true"#, #""cuont": true"#,
        #"1:84 $.features."{window}_N".cuont: there is no function 'cuont'; did you mean 'count'?"#
      ),
      (
        #""count": true"#, #""approx_percentile": "parents""#,
        #"1:84 $.features."{window}_N".approx_percentile: there is no function 'approx_percentile'; here it is 'quantile'"#
      ),
      (
        #""count": true"#, #""collect_list": "repo""#,
        #"1:84 $.features."{window}_N".collect_list: 'collect_list' grows with the events without a bound, and no such function is offered; 'firstK', 'lastK', 'largestK', 'topK' and 'valueCounts' give lists of declared length"#
      ),
      (
        #""count": true, "#, "",
        #"1:69 $.features."{window}_N": no function is named; there are count, sum, mean, rows, max, stddev, first, last, distinct"#
      ),
      (
        #""count": true"#, #""count": false"#,
        #"1:93 $.features."{window}_N".count: 'count' takes the name of a field or true, not false"#
      ),
      (
        #""count": true"#, #""rows": "author""#,
        #"1:92 $.features."{window}_N".rows: 'rows' takes true, not "author""#
      ),
      (
        #""count": true"#, #""sum": true"#,
        #"1:91 $.features."{window}_N".sum: 'sum' takes the name of a field, not true"#
      ),
      (
        #""count": true"#, #""sum": "repo""#,
        #"1:91 $.features."{window}_N".sum: 'repo' is string, 'sum' takes int, double; these would do: parents, lines_added, score, odd name`s"#
      ),
      (
        #""count": true"#, #""sum": "lins_added""#,
        #"1:91 $.features."{window}_N".sum: stream 'commits' has no field 'lins_added'; did you mean 'lines_added'?"#
      ),
      (
        #""count": true"#, #""sum": "score", "mean": "score""#,
        #"1:69 $.features."{window}_N": a feature has one function, not 'sum' and 'mean'; make a feature of each"#
      ),
      (
        #""count": true"#, #""distinct": "repo", "exactupto": 9"#,
        #"1:104 $.features."{window}_N".exactupto: 'exactupto' is not known here; did you mean 'exactUpTo'?"#
      ),
      (
        #""count": true"#, #""distinct": "repo", "exactUpTo": 5000"#,
        #"1:117 $.features."{window}_N".exactUpTo: a whole number from 0 to 4096 expected, not 5000"#
      ),
      (
        #""count": true"#, #""distinct": "repo", "exactUpTo": "9""#,
        #"1:117 $.features."{window}_N".exactUpTo: a whole number from 0 to 4096 expected, not "9""#
      ),
      (
        #""{window}_N": {"count": true, "windows": "7d"}"#,
        #""N": {"count": true, "windows": ["7d", "9d"]}"#,
        "1:69 $.features.N: 2 windows need names of their own; put {window} into the name"
      ),
      (
        "{window}_N", "{windows}_N",
        #"1:69 $.features."{windows}_N": '{windows}_N' is no feature name; it is made of letters, digits, _ . and -"#
      ),
      (
        "{window}_N", "{window} N",
        #"1:69 $.features."{window} N": '7d N' is no feature name; it is made of letters, digits, _ . and -"#
      ),
      (
        #"{"count": true, "windows": "7d"}"#, #""count""#,
        #"1:69 $.features."{window}_N": a feature expected, such as { "sum": "lines", "windows": ["30d"] }"#
      ),
      (
        #""{window}_N": {"count": true, "windows": "7d"}"#, "",
        "1:68 $.features: a view has at least one feature"
      ),
      (
        #"{"{window}_N": {"count": true, "windows": "7d"}}"#, "[]",
        "1:68 $.features: the features expected, an object, not an array"
      ),
      (
        #""stream": "commits""#, #""stream": "emails""#,
        "1:25 $.stream: the view is over 'emails', not over 'commits'"
      ),
      (#"}}}"#, #"}}"#, "1:116 $: the text ends early"),
      (#""entity""#, #""view""#, "1:36 $: the name 'view' occurs twice"),
    ])
  func viewMistake(old: String, new: String, expected: String) {
    #expect(Samples.problems(Self.view(old, new)).first == expected)
  }

  @Test(
    "a mistake in a stream",
    arguments: [
      (
        #"{"stream": "s", "fields": {"t": "timestmp"}, "eventTime": "t"}"#,
        "1:33 $.fields.t: there is no type 'timestmp'; did you mean 'timestamp'?"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp", "n": "integer"}, "eventTime": "t"}"#,
        "1:51 $.fields.n: there is no type 'integer'; did you mean 'int'?"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp", "n": "uuid"}, "eventTime": "t"}"#,
        "1:51 $.fields.n: there is no type 'uuid'; there are int, double, string, bool, timestamp"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp", "": "int"}, "eventTime": "t"}"#,
        #"1:46 $.fields."": a field has a name"#
      ),
      (
        #"{"stream": "s", "fields": {}, "eventTime": "t"}"#,
        #"1:27 $.fields: the fields expected, an object such as { "author": "string", "lines": "int" }"#
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp"}}"#,
        #"1:1 $: 'eventTime' is missing; add "eventTime": "event_time", the field with the event's time"#
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp", "n": "int"}, "eventTime": "n"}"#,
        "1:72 $.eventTime: 'n' is int, the event time is timestamp; these are: t"
      ),
      (
        #"{"stream": "s", "fields": {"n": "int"}, "eventTime": "n"}"#,
        "1:54 $.eventTime: 'n' is int, the event time is timestamp; declare it so"
      ),
      (
        #"{"stream": "s", "fields": {"time": "timestamp"}, "eventTime": "tme"}"#,
        "1:63 $.eventTime: there is no field 'tme'; did you mean 'time'?"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp"}, "eventTime": "t", "arrivalTime": "t"}"#,
        "1:80 $.arrivalTime: this is the event time; leave 'arrivalTime' out: events then arrive on time"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp"}, "eventTime": "t", "id": "t"}"#,
        "1:71 $.id: 't' is timestamp, the event's id is string or int; declare it so"
      ),
      (
        #"{"stream": "s", "fields": {"t": "timestamp"}, "eventTime": "t", "Id": "t"}"#,
        "1:65 $.Id: 'Id' is not known here; did you mean 'id'?"
      ),
      (
        #"{"stream": "9", "fields": {"t": "timestamp"}, "eventTime": "t"}"#,
        "1:12 $.stream: '9' is no name; a letter or _ comes first, then letters, digits, _ . and -"
      ),
      (
        "{}",
        "1:1 $: a declaration expected: an object with 'view' for a view, with 'stream' and 'fields' for a stream, with 'set' for a feature set, or with 'table' and 'key' for a table"
      ),
      (
        "3",
        "1:1 $: a declaration expected: an object with 'view' for a view, with 'stream' and 'fields' for a stream, with 'set' for a feature set, or with 'table' and 'key' for a table"
      ),
      ("[]", "1:1 $: nothing is declared; write a stream, a view, a set or a table"),
      ("", "1:1 $: the text ends early"),
      (
        #"[{"stream": "s", "fields": {"t": "timestamp"}, "eventTime": "t"}, {"stream": "s", "fields": {"t": "timestamp"}, "eventTime": "t"}]"#,
        "1:78 $[1].stream: the stream 's' is declared twice in this text"
      ),
    ])
  func streamMistake(text: String, expected: String) {
    #expect(Samples.problems(text).first == expected)
  }

  @Test("every mistake of a text is reported, not only the first") func all() {
    let text = """
      // A stream and a view over it, both with mistakes.
      [
        { "stream": "s", "fields": { "t": "timestamp", "user": "string", "n": "int" }, "eventTime": "t" },
        { "view": "v", "stream": "s", "entity": ["usr"], "slice": "1h", "where": "n < 'x' or m = 1",
          "windows": ["1d"],
          "features": {
            "{window}_SUM": { "sum": "user", "windows": ["90m", "2h"] },
            "COUNT": { "count": true, "windows": ["1h", "2h"], "exactUpTo": 3 },
            "X": { "summ": "n", "windows": ["1y"] },
          },
        },
      ]
      """
    #expect(
      Samples.problems(text) == [
        "4:44 $[1].entity[0]: stream 's' has no field 'usr'; did you mean 'user'?",
        "4:76 $[1].where: at character 5: 'n' is int: a number expected, not a text",
        "4:76 $[1].where: at character 12: there is no field 'm'; there are t, user, n",
        "5:5 $[1].windows: 'windows' is not known here; there are view, stream, join, derive, entity, slice, where, retention, features",
        #"7:32 $[1].features."{window}_SUM".sum: 'user' is string, 'sum' takes int, double; these would do: n"#,
        #"7:52 $[1].features."{window}_SUM".windows[0]: 90m is not a whole number of slices of 1h; the nearest is 1h or 2h"#,
        "8:7 $[1].features.COUNT: 2 windows need names of their own; put {window} into the name",
        "8:58 $[1].features.COUNT.exactUpTo: 'exactUpTo' is not known here; there are count, where, by, limit, windows",
        "9:14 $[1].features.X.summ: there is no function 'summ'; did you mean 'sum'?",
        "9:39 $[1].features.X.windows[0]: '1y' is no window; write a whole number with m, h, d or w, as in '30d', or 'lifetime'",
      ])
  }

  @Test("what a derived feature names is looked for before the stream is known") func derived() {
    let text = """
      { "view": "v", "stream": "commits", "entity": "author", "features": {
          "{window}_SUM": { "sum": "repo", "windows": ["7d", "30d"] },
          "{window}_N": { "count": true, "windows": "7d" },
          "A": { "derive": "7d_SUM / 30d_SUM + 7d_N" },
          "B": { "derive": "7d_SUMM / round(A)" },
          "C": { "derive": "`90d_SUM` + (1" } } }
      """
    #expect(
      Samples.problems(text) == [
        "5:22 $.features.B.derive: at character 1: there is no field '7d_SUMM'; did you mean '7d_SUM'?",
        "6:22 $.features.C.derive: at character 15: ')' expected",
      ])
  }

  @Test("a declaration cut anywhere, or with any byte changed, is read or refused in order")
  func damage() {
    let text = Array(Self.good.utf8)
    var random = SeededRandom(61)
    for length in 0..<text.count {
      #expect(!Samples.problems(String(decoding: text[..<length], as: UTF8.self)).isEmpty)
    }
    for _ in 0..<3000 {
      var bytes = text
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
        in: 0x20...0x7E, using: &random)
      _ = Samples.problems(String(decoding: bytes, as: UTF8.self))
    }
  }
}
