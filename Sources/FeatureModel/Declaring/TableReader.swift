// A table's declaration: its key, the column with the valid-from time, its attributes, and its slice.

enum TableReader {
  private static let names = ["$schema", "table", "key", "validFrom", "attributes", "slice"]

  /// Nil after a mistake, which has been noted.
  static func read(_ node: DeclarationNode) -> TableDeclaration? {
    node.checkNames(names)
    let name = node.required("table", #""table": "ip_list""#)?.declaredName("the table's name")
    let key = node.required("key", #""key": { "ip": "string" }, what rows are looked up by"#)
      .flatMap(readKey)
    let place = node.member("validFrom")
    let validFrom = place?.string("the column with the instant from which on a row is valid")
    let attributes = node.member("attributes").map { readAttributes($0) } ?? []
    let slice = readSlice(node)
    if let key, let attributes {
      checkNames(key, attributes, validFrom ?? TableDeclaration.usualValidFrom, node)
    }
    guard node.collector.problems.isEmpty, let name, let key, let attributes, let slice else {
      return nil
    }
    return TableDeclaration(
      name: name, key: key, validFrom: validFrom, attributes: attributes, slice: slice)
  }

  private static func readKey(_ node: DeclarationNode) -> [StreamDeclaration.Field]? {
    guard let fields = StreamReader.readFields(node, #"{ "ip": "string" }"#) else { return nil }
    for field in fields where field.type == .double {
      node.member(field.name)?.report(
        "'\(field.name)' is double, and a key needs exact values: string, int, bool or timestamp")
    }
    return fields
  }

  /// None is fine: a key is in the table, or is not.
  private static func readAttributes(_ node: DeclarationNode) -> [StreamDeclaration.Field]? {
    if case .object(let members) = node.value.content, members.isEmpty { return [] }
    guard let fields = StreamReader.readFields(node, #"{ "score": "double" }"#) else { return nil }
    if fields.count > TableDeclaration.attributeLimit {
      node.report(
        "a table has at most \(TableDeclaration.attributeLimit) attributes, not \(fields.count); "
          + "declare the others in a second table of the same key")
    }
    return fields
  }

  /// Key, valid-from time and attributes become fields of one stream; the latter two features of one view.
  private static func checkNames(
    _ key: [StreamDeclaration.Field], _ attributes: [StreamDeclaration.Field], _ validFrom: String,
    _ node: DeclarationNode
  ) {
    var taken = Set(key.map(\.name))
    for field in key where field.name == TableDeclaration.rowID {
      node.member("key")?.member(field.name)?.report(Self.complaint(of: field.name))
    }
    let time = node.member("validFrom") ?? node
    if !taken.insert(validFrom).inserted {
      time.report(
        node.member("validFrom") == nil
          ? "a key field is called '\(validFrom)', as the table calls the time from which a row is valid; "
            + "declare 'validFrom' under another name"
          : "'\(validFrom)' is part of the key already")
    }
    checkFeature(validFrom, time)
    for field in attributes {
      guard let place = node.member("attributes")?.member(field.name) else { continue }
      if field.name == TableDeclaration.rowID {
        place.report(complaint(of: field.name))
      } else if !taken.insert(field.name).inserted {
        place.report("'\(field.name)' is in the table already; choose another name")
      }
      checkFeature(field.name, place)
    }
  }

  private static func checkFeature(_ name: String, _ place: DeclarationNode) {
    if name == TableDeclaration.rowID, place.path.hasSuffix("validFrom") {
      place.report(complaint(of: name))
    }
    if let complaint = DeclaredNames.featureComplaint(name) { place.report(complaint) }
  }

  private static func complaint(of name: String) -> String {
    "'\(name)' is what the table itself calls its rows by; choose another name"
  }

  private static func readSlice(_ node: DeclarationNode) -> SliceLength? {
    guard let place = node.member("slice") else { return TableDeclaration.usualSlice }
    guard let text = place.string("a length of time such as '15m'"),
      let milliseconds = place.duration(text)
    else { return nil }
    if let slice = SliceLength(milliseconds: milliseconds) { return slice }
    place.report("a slice is at most 366d long, not \(text)")
    return nil
  }
}
