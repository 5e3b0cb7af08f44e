"""The examples of docs/reference/python.md, typed in, in their order: what comes out is what stands there."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/python.md"
FLAGS = doctest.NORMALIZE_WHITESPACE


def test_the_page_shows_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    # A blank line ends what an example prints.
    session = "\n".join(body + "\n" for body in re.findall(r"```pycon\n(.*?)```", text, re.S))
    examples = doctest.DocTestParser().get_doctest(session, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    results = runner.run(examples, out=told.append, clear_globs=False)
    assert results.attempted > 20 and results.failed == 0, "".join(told)
    pq.write_table(examples.globs["mails"], "mails.parquet")
    pq.write_table(examples.globs["asked"], "spine.parquet")
    examples.globs["store"].close()
    check_commands(text)


def check_commands(text: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    lines = "".join(re.findall(r"```console\n(.*?)```", text, re.S)).splitlines()
    commands = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    assert len(commands) == 2
    for start, end in zip(commands, [*commands[1:], len(lines)]):
        words = lines[start][2:].split()
        assert words[0] == "python"
        ran = subprocess.run([sys.executable, *words[1:]], env=environment, text=True, capture_output=True, check=False)
        shown = re.sub(r"[0-9,]+ rows/s", "N rows/s", ran.stdout + ran.stderr)
        assert shown.splitlines() == lines[start + 1 : end]
