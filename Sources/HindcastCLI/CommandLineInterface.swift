// Finds the command, runs it, and turns errors into a line and an exit code.
import Glibc
import Hindcast

enum CommandLineInterface {
  static var commands: [any Command.Type] {
    [
      Register.self, Plan.self, Check.self, Ingest.self, Load.self, Retract.self, Amend.self,
      Get.self, Explain.self, Join.self, Views.self, Describe.self, NewView.self, Stats.self,
      Seal.self, Expire.self, Promote.self, Deprecate.self, Drop.self, Forget.self, Audit.self,
      Compare.self, Compact.self, Checkpoint.self, VerifyStore.self, Serve.self,
      VerifyServed.self,
    ]
  }

  private static func overview() -> String {
    let width = (commands.map { $0.name.count }.max() ?? 0) + 2
    let list = commands.map { "  " + $0.name.padded(to: width) + $0.summary }
    return """
      hindcast: a point-in-time feature store. What it answers for a moment of the past is what it
      answered then.

      usage: hindcast COMMAND ...        hindcast COMMAND --help shows its options and an example

      \(list.joined(separator: "\n"))

      Times are ISO 8601 (2026-11-22, 2026-11-22T13:17:02.5Z) or epoch milliseconds.
      \(ExitCode.help)
      """
  }

  static func run(_ words: [String]) -> ExitCode {
    guard let name = words.first, !["--help", "-h", "help"].contains(name) else {
      if words.count > 1, let command = commands.first(where: { $0.name == words[1] }) {
        print(command.help)
      } else {
        print(overview())
      }
      return words.isEmpty ? .usage : .success
    }
    if name == "--version" {
      print("hindcast \(hindcastVersion)")
      return .success
    }
    guard let command = commands.first(where: { $0.name == name }) else {
      Terminal.complain("there is no command '\(name)'" + hint(name, commands.map { $0.name }))
      return .usage
    }
    let rest = Array(words.dropFirst())
    if Arguments.askForHelp(rest) {
      print(command.help)
      return .success
    }
    do {
      let code = try command.run(try Arguments(rest, options: command.options))
      try Terminal.flush()
      return code
    } catch {
      // A reader that has seen enough, like `head`, is no failure.
      if isClosedPipe(error) { return .success }
      let more = error is UsageError ? " ('hindcast \(name) --help' shows how)" : ""
      Terminal.complain("\(error)\(more)")
      return exitCode(of: error)
    }
  }

  private static func isClosedPipe(_ error: any Error) -> Bool {
    var error = error
    if case HindcastError.file(let inner) = error { error = inner }
    guard let error = error as? RowFileError else { return false }
    return error.path == "-" && error.problem == .cannotWrite(errno: EPIPE)
  }

  private static func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is UsageError: .usage
    case let error as HindcastError:
      switch error {
      case .store, .storeAtRow: .store
      case .file, .row, .rows, .spineRow, .eventRow, .declaration, .declarations, .refused,
        .cancelled:
        .badInput
      }
    case is StoreError: .store
    case is RowFileError, is DeclarationError: .badInput
    default: .store
    }
  }
}
