"""A real server in a process of its own, for tests that talk to it with real clients.

The store has mails, counted by sender; the server may be killed and started again over the same store.
"""

import json
import os
import re
import signal
import subprocess
import time

STREAM = {
    "stream": "mails",
    "fields": {"sender": "string", "at": "timestamp", "size": "int"},
    "eventTime": "at",
}
VIEW = {
    "view": "by_sender",
    "stream": "mails",
    "entity": ["sender"],
    "slice": "1m",
    "features": {
        "{window}_N": {"count": True, "windows": ["1h", "30d"]},
        "{window}_SIZE": {"sum": "size", "windows": ["30d"]},
    },
}


class Server:
    """`hindcast serve` over the store of a folder."""

    def __init__(self, folder: str, *flags: str) -> None:
        self.program = os.path.join(os.environ["HINDCAST_PROGRAMS"], "hindcast")
        self.folder = folder
        self.flags = flags
        self.store = os.path.join(folder, "store")
        self.log = os.path.join(folder, "server.log")
        self.port = 0
        self.process: subprocess.Popen | None = None

    def register(self) -> None:
        paths = []
        for name, declaration in [("stream", STREAM), ("view", VIEW)]:
            path = os.path.join(self.folder, f"{name}.json")
            with open(path, "w") as file:
                json.dump(declaration, file)
            paths.append(path)
        subprocess.run(
            [self.program, "register", self.store, *paths], check=True, capture_output=True
        )

    def start(self) -> None:
        """Starts it, on the port that it had before, and waits until it is ready."""
        with open(self.log, "ab") as log:
            start = log.tell()
            self.process = subprocess.Popen(
                [self.program, "serve", self.store, *self.ports(), *self.flags],
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with open(self.log, "rb") as log:
                log.seek(start)
                text = log.read().decode()
            ready = re.search(r'message"?[=:]"?ready.* ?"?listen"?[=:]"?[\d.]+:(\d+)', text)
            if ready:
                self.port = int(ready.group(1))
                return
            if self.process.poll() is not None:
                raise SystemExit(f"the server did not start: {text}")
            time.sleep(0.005)
        raise SystemExit("the server was not ready within a minute")

    def ports(self) -> list[str]:
        return [] if "--port" in self.flags else ["--port", str(self.port)]

    def kill(self) -> None:
        """Without any warning."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As systemd stops it; its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)
