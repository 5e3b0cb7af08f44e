// The arguments of a call: a JSON object whose members are asked for by name and kind. A member that nobody
// asks for is a mistake, most likely of spelling, and is said to be one.
import Hindcast

/// The members of one object.
struct Members {
  private let object: JSONValue
  /// For messages: `views[0].`, or empty.
  private let place: String

  /// Of a text; NULL is an object without members.
  init(_ text: UnsafePointer<CChar>?) throws(Failure) {
    guard let text else {
      self.init(.object([]), place: "")
      return
    }
    let read = try CText.read(text, "the arguments")
    do { try self.init(of: try JSONValue.parse(read), place: "") } catch let error as JSONError {
      throw Failure(.invalid, "the arguments are not JSON: \(error)")
    } catch { throw Failure(error) }
  }

  private init(of value: JSONValue, place: String) throws(Failure) {
    guard case .object = value.content else {
      let what = place.isEmpty ? "the arguments" : String(place.dropLast())
      throw Failure(.invalid, "an object is needed for \(what), not \(value.kindName)")
    }
    self.init(value, place: place)
  }

  private init(_ object: JSONValue, place: String) {
    self.object = object
    self.place = place
  }

  /// Refuses members other than these.
  func allow(_ names: String...) throws(Failure) {
    guard case .object(let members) = object.content else { return }
    for member in members where !names.contains(member.name) {
      throw Failure(
        .invalid,
        "'\(place)\(member.name)' means nothing here"
          + Suggestion.phrase(for: member.name, among: names))
    }
  }

  private func wrong(_ name: String, _ wanted: String) -> Failure {
    guard let value = object[name], value != .null else {
      return Failure(.invalid, "'\(place)\(name)' is missing: \(wanted) is needed")
    }
    return Failure(.invalid, "'\(place)\(name)' is \(value.kindName): \(wanted) is needed")
  }

  /// Nil where the member is missing or null.
  subscript(name: String) -> JSONValue.Content? {
    guard let content = object[name]?.content, content != .null else { return nil }
    return content
  }

  func has(_ name: String) -> Bool { self[name] != nil }

  func text(_ name: String) throws(Failure) -> String {
    guard case .string(let text) = self[name] else { throw wrong(name, "a string") }
    return text
  }

  func optionalText(_ name: String) throws(Failure) -> String? {
    self[name] == nil ? nil : try text(name)
  }

  func int(_ name: String, from least: Int) throws(Failure) -> Int? {
    guard let content = self[name] else { return nil }
    guard case .int(let number) = content, let int = Int(exactly: number), int >= least else {
      throw wrong(name, "a whole number from \(least) on")
    }
    return int
  }

  func flag(_ name: String) throws(Failure) -> Bool {
    guard let content = self[name] else { return false }
    guard case .bool(let flag) = content else { throw wrong(name, "true or false") }
    return flag
  }

  /// ISO 8601, or epoch milliseconds as a number.
  func time(_ name: String) throws(Failure) -> Timestamp {
    let time: Timestamp? =
      switch self[name] {
      case .string(let text): Timestamp(parsing: text)
      case .int(let milliseconds): Timestamp(milliseconds: milliseconds)
      default: nil
      }
    guard let time else {
      throw wrong(name, "a time (ISO 8601 or epoch milliseconds, years 0001 to 9999)")
    }
    return time
  }

  func optionalTime(_ name: String) throws(Failure) -> Timestamp? {
    self[name] == nil ? nil : try time(name)
  }

  /// Ids of events as texts: strings and whole numbers are.
  func ids(_ name: String) throws(Failure) -> [String] {
    guard let list = try list(name) else { throw wrong(name, "a list of ids") }
    return try list.map { value throws(Failure) in
      switch value.content {
      case .string(let text): text
      case .int(let number): String(number)
      default: throw wrong(name, "a list of ids (strings and whole numbers)")
      }
    }
  }

  func texts(_ name: String) throws(Failure) -> [String]? {
    try list(name)?.map { value throws(Failure) in
      guard case .string(let text) = value.content else { throw wrong(name, "a list of strings") }
      return text
    }
  }

  /// Texts, of which some may be null; none where the member is missing.
  func parts(_ name: String) throws(Failure) -> [String?] {
    try (list(name) ?? []).map { value throws(Failure) in
      switch value.content {
      case .null: nil
      case .string(let text): text
      default: throw wrong(name, "a list of strings")
      }
    }
  }

  func textsByName(_ name: String) throws(Failure) -> [String: String] {
    guard let content = self[name] else { return [:] }
    guard case .object(let members) = content else { throw wrong(name, "an object of strings") }
    var texts: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value.content else {
        throw wrong(name, "an object of strings")
      }
      texts[member.name] = text
    }
    return texts
  }

  /// As `textsByName`, of which some may be null.
  func textsOrNullByName(_ name: String) throws(Failure) -> [String: String?] {
    guard case .object(let members) = self[name] else { throw wrong(name, "an object of strings") }
    var texts: [String: String?] = [:]
    for member in members {
      switch member.value.content {
      case .null: texts.updateValue(nil, forKey: member.name)
      case .string(let text): texts.updateValue(text, forKey: member.name)
      default: throw wrong(name, "an object of strings")
      }
    }
    return texts
  }

  /// The objects of a list, and strings as `short` makes objects of them.
  func objects(_ name: String) throws(Failure) -> [Members] {
    guard let list = try list(name) else { throw wrong(name, "a list of objects") }
    var objects: [Members] = []
    for (index, value) in list.enumerated() {
      objects.append(try Members(of: value, place: "\(place)\(name)[\(index)]."))
    }
    return objects
  }

  private func list(_ name: String) throws(Failure) -> [JSONValue]? {
    guard let content = self[name] else { return nil }
    guard case .array(let list) = content else { throw wrong(name, "a list") }
    return list
  }
}
