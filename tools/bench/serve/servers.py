"""The servers, each in a process of its own: started, asked for their figures, stopped."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from measure import peak_mib  # noqa: E402

LOOPS = 1
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that answers at a port."""

    title = ""

    def __init__(self, command, log):
        self.log = log
        with open(log, "w") as output:
            self.process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output,
                                            stdin=subprocess.DEVNULL)
        self.port = 0

    def wait_for(self, ready):
        """Until `ready` gives something else than nothing."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = ready()
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.0005)
        self.process.kill()
        sys.exit(f"bench: {self.title} did not start: {Path(self.log).read_text()}")

    def cpu(self):
        """Processor seconds of all its threads; exact where the kernel tells more than ticks."""
        seconds = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
            except (OSError, IndexError):
                pass
        return seconds or self.ticks()

    def ticks(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mib(self):
        return peak_mib(self.process.pid)

    def resident_mib(self):
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def figures(self, section):
        """INFO as a dictionary."""
        text = self.ask("INFO", section)
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def hits(self):
        stats = self.figures("stats")
        return int(stats["keyspace_hits"]), int(stats["keyspace_misses"])

    def ask(self, *words):
        """The reply to one command: a text, None, or a list of these. Errors end the benchmark."""
        with socket.create_connection(("127.0.0.1", self.port)) as wire, wire.makefile("rb") as file:
            wire.sendall(command(words))
            return reply(file)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Hindcast(Server):
    title = "Hindcast"

    def __init__(self, programs, store, *flags):
        super().__init__([programs / "hindcast", "serve", store, "--port", 0, "--loops", LOOPS, *flags],
                         f"{store}.log")
        self.port = int(self.wait_for(self.announced).group(1))

    def hits(self):
        # Loops tell what they have counted ten times a second.
        time.sleep(0.11)
        return super().hits()

    def announced(self):
        return re.search(r'message=ready listen="?127\.0\.0\.1:(\d+)', Path(self.log).read_text())


class Redis(Server):
    """Redis as it comes: one thread, nothing written to the disk."""

    title = "Redis"

    def __init__(self, folder):
        port = free_port()
        super().__init__(["redis-server", "--port", port, "--save", "", "--appendonly", "no",
                          "--dir", folder], folder / "redis.log")
        self.port = port
        self.wait_for(self.answers)

    def answers(self):
        try:
            return self.ask("PING")
        except OSError:
            return None


def free_port():
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        return wire.getsockname()[1]


def command(words):
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def reply(file):
    line = file.readline().rstrip()
    kind, rest = line[:1], line[1:].decode()
    if kind == b"$":
        return None if rest == "-1" else file.read(int(rest) + 2)[:-2].decode()
    if kind == b"*":
        return [reply(file) for _ in range(int(rest))]
    if kind == b"-":
        sys.exit(f"bench: refused: {rest}")
    return rest
