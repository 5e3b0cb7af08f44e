"""A real server in a process of its own, over a store that tests may open once it has ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Optional

PROGRAM = Path(os.environ["HINDCAST_LIBRARY"]).parent / "hindcast"


class Server:
    """`hindcast serve` in a with statement; it says itself which port it took."""

    def __init__(self, store: Path, *flags: str, port: int = 0) -> None:
        self.store = store
        self.words = [str(PROGRAM), "serve", str(store), "--port", str(port), "--fsync", "off", *flags]

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(self.words, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        told = ""
        for line in self.process.stderr:
            told += line
            ready = re.search(r"message=ready listen=\"?\S+:(\d+)", line)
            if ready:
                self.port = int(ready[1])
                return self
        raise AssertionError(f"the server ended: {told}")

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0
        assert self.process.stderr is not None
        self.process.stderr.close()
