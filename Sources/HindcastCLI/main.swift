// The `hindcast` executable; see `CommandLineInterface`.
import Glibc

signal(SIGPIPE, SIG_IGN)
exit(CommandLineInterface.run(Array(CommandLine.arguments.dropFirst())).rawValue)
