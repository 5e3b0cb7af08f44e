// What has to go together in a configuration: where to listen, who may then come, and the files of TLS. A
// check keeps silent where one of its parts has a mistake of its own.
import FeatureModel

extension ConfigurationReader {
  /// Notes what does not go together.
  mutating func check() {
    checkListening()
    checkStrangers()
    checkLimits()
    if isWell("tls", "tls.port", "tls.certificate", "tls.key", "tls.clientCA") { checkTLS() }
  }

  private func isWell(_ paths: String...) -> Bool { broken.isDisjoint(with: paths) }

  private func checkListening() {
    let listens = configuration.port != nil || configuration.tls.port != nil
    if isWell("port", "tls", "tls.port", "unixSocket"), !listens, configuration.unixSocket == nil {
      place("port").report(
        #"there is nothing to listen on; add "port": 7379 or "unixSocket": "/run/hindcast/socket""#)
    }
    if isWell("bind"), listens, configuration.bind.isEmpty {
      place("bind").report(#"a port needs an address; add "127.0.0.1", or set "port" to null"#)
    }
    if let port = configuration.port, port > 0, port == configuration.tls.port,
      isWell("port", "tls", "tls.port")
    {
      place("tls.port").report("\(port) is the port without TLS already; choose another")
    }
    let longest = 107
    if let path = configuration.unixSocket, path.utf8.count > longest, isWell("unixSocket") {
      place("unixSocket").report("the path of a Unix socket has at most \(longest) bytes")
    }
  }

  /// Whoever reaches a server without users is its admin.
  private func checkStrangers() {
    let listens = configuration.port != nil || configuration.tls.port != nil
    guard isWell("bind", "port", "tls", "tls.port", "users"), listens,
      configuration.users.all.isEmpty
    else { return }
    let open = configuration.bind.first { ListenAddress($0)?.isLoopback == false }
    guard let open else { return }
    place("bind").report(
      "'\(open)' can be reached from other machines, and nobody needs a password; add "
        + #""users": { "default": { "passwordFile": "FILE", "role": "admin" } } or --"#
        + "\(Self.passwordFlag) FILE, or listen on 127.0.0.1 alone")
  }

  private func checkLimits() {
    guard isWell("maxBulkBytes", "maxRequestBytes"),
      configuration.maxBulkBytes > configuration.maxRequestBytes
    else { return }
    let (bulk, request) = (configuration.maxBulkBytes, configuration.maxRequestBytes)
    place("maxBulkBytes").report(
      "an argument of \(ByteSize.text(bulk)) never fits a command of 'maxRequestBytes', "
        + ByteSize.text(request))
  }

  private func checkTLS() {
    let tls = configuration.tls
    let isMeant = [tls.certificate, tls.key, tls.clientCA].contains { $0 != nil }
    guard tls.port != nil else {
      if isMeant, places["tls.port"]?.isNull != true {
        place("tls").report(#"'port' is missing; add "port": 7380"#)
      }
      return
    }
    guard ServerConfiguration.canServeTLS else {
      place("tls.port").report(
        "this build has no TLS; build it where OpenSSL's headers are (apt-get install libssl-dev), or "
          + "leave 'tls' out")
      return
    }
    if tls.certificate == nil {
      place("tls").report(#"'certificate' is missing; add "certificate": "server.pem""#)
    }
    if tls.key == nil { place("tls").report(#"'key' is missing; add "key": "server.key""#) }
    checkFiles(tls)
  }

  private func checkFiles(_ tls: ServerConfiguration.TLSSettings) {
    #if TLS
      guard let certificate = tls.certificate, let key = tls.key else { return }
      do {
        _ = try TLSContext(certificate: certificate, key: key, clientCA: tls.clientCA)
      } catch {
        switch error {
        case .file(.certificate, _, _): place("tls.certificate").report("\(error)")
        case .file(.key, _, _): place("tls.key").report("\(error)")
        case .file(.clientCA, _, _): place("tls.clientCA").report("\(error)")
        default: place("tls").report("\(error)")
        }
      }
    #endif
  }
}
