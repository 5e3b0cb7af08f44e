"""One join or load as it runs: calls that Ctrl-C can end, and that say how far they are.

A call into the library holds its thread until it returns, and Python handles signals on the main thread between two
of its own instructions. So work that may take long runs on a thread of its own while the caller waits.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional, TypeVar

from ._errors import HindcastError
from ._library import Report, library

Result = TypeVar("Result")
Progress = Callable[[int], object]


class Job:
    """A `hindcast_job`."""

    def __init__(self, progress: Optional[Progress] = None) -> None:
        self.pointer = library.job_new()
        self._progress = progress

    def __del__(self) -> None:
        pointer, self.pointer = getattr(self, "pointer", None), None
        if pointer:
            library.job_free(pointer)

    def cancel(self) -> None:
        library.job_cancel(self.pointer)

    def failure(self) -> Optional[HindcastError]:
        """What a joined stream failed with; its own errors are text alone."""
        report = Report()
        return report.exception() if library.job_error(self.pointer, report.out) else None

    def run(self, work: Callable[[], Result]) -> Result:
        """The work's result; ends the job where the wait for it is interrupted."""
        if self._progress is None and threading.current_thread() is not threading.main_thread():
            return work()
        done = threading.Event()
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.extend((work(), None))
            except BaseException as error:  # Raised again where it belongs.
                outcome.extend((None, error))
            finally:
                done.set()

        thread = threading.Thread(target=run, name="hindcast", daemon=True)
        thread.start()
        try:
            self._wait(done)
        except BaseException:
            self.cancel()
            thread.join()
            raise
        result, error = outcome
        if error is not None:
            raise error
        if self._progress is not None:
            self._progress(library.job_rows(self.pointer))
        return result  # type: ignore[no-any-return]

    def _wait(self, done: threading.Event) -> None:
        progress, told = self._progress, 0
        if progress is None:
            done.wait()
            return
        while not done.wait(0.1):
            rows = library.job_rows(self.pointer)
            if rows > told:
                told = rows
                progress(rows)
