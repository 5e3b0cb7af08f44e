"""What idle connections cost, and how soon a server answers."""
import resource
import socket
import statistics
import time

from measure import bytes_under
from servers import Hindcast, command, reply
from stores import NOTES


class ConnectionsCase:
    def __init__(self, suite):
        self.suite, self.count = suite, suite.sizes.connections

    def run(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.count + 1000
        if hard != resource.RLIM_INFINITY and hard < wanted:
            return self.suite.table.note(f"{self.count:,} idle connections", "too few descriptors allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        with Hindcast(self.suite.programs, self.suite.standard_store()) as server:
            server.ask("PING")
            before = server.resident_mib()
            wires = [self.connect(server) for _ in range(self.count)]
            grown = server.resident_mib() - before
            for wire in wires:
                wire.close()
        table = self.suite.table
        table.note(f"memory of {self.count:,} idle connections, each with one command behind it",
                   f"{grown:.1f} MiB",
                   table.verdict(("under 100 MiB", grown < 100, f"{grown:.1f} MiB")))

    @staticmethod
    def connect(server):
        wire = socket.create_connection(("127.0.0.1", server.port))
        with wire.makefile("rb") as file:
            wire.sendall(command(["PING"]))
            reply(file)
        return wire


class StartCase:
    """From the start of the process to its first answer, over a store whose files the system has in memory."""

    def __init__(self, suite):
        self.suite = suite

    def run(self):
        sizes = self.suite.sizes
        store = self.suite.store("large", NOTES, entities=sizes.notes, events=sizes.notes,
                                 note=sizes.note_bytes)
        times = []
        for _ in range(sizes.rounds):
            start = time.monotonic()
            with Hindcast(self.suite.programs, store) as server:
                server.ask("HMGET", f"notes:{7:012d}", "365d_COUNT", "365d_NOTE")
                times.append(time.monotonic() - start)
        spent, table = statistics.median(times), self.suite.table
        table.note(f"start to first answer, store of {bytes_under(store) / 2**20:,.0f} MiB",
                   f"{spent * 1e3:.0f} ms", table.verdict(("under 1 s", spent < 1, f"{spent * 1e3:.0f} ms")))
