"""Types what documents show, and compares what comes out: examples that no longer hold are mistakes.

    tools/test/documented.py [--write | --show FOLDER] HINDCAST DOCUMENT ...

In a ```console block a line `$ COMMAND` is run by the shell in a temporary folder (or FOLDER, with all that is shown),
if it begins with one of RUN; lines behind a backslash belong to it. What follows up to the next `$` is what it has to
print; --write puts in what it prints. `hindcast serve ... &` is awaited, on a free port in place of 7379, and ended by
`$ kill %1` or the page's end. The comment `<!-- file: NAME -->` before a block makes a file of it, `<!-- run: COMMAND
-->` runs a command unseen. `cat` of a file that is not there makes it. Rates, sizes and the folder's name may differ.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

RUN = ("hindcast ", "cat ", "zcat ", "awk ", "head ", "grep ", "redis-cli ", "tools/demo/", "kill ")
BLOCK = re.compile(r"<!-- run: ([^\n]*) -->|(?:<!-- file: ([^\n]*) -->\n)?```(\w*)\n(.*?)```|^#+ ([^\n]*)", re.S | re.M)


def blocks(text):
    """Fenced blocks with the comment before each, comments that stand alone, and headings, in order."""
    for match in BLOCK.finditer(text):
        command, name, language, body, heading = match.groups()
        if command:
            yield "run", command, ""
        elif heading:
            yield "heading", heading, ""
        elif name:
            yield "file", name, body
        elif language == "console":
            yield "console", "", body


def steps(body):
    """Commands of a console block, each with its output."""
    command, output = None, []
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, "\n".join(output)
            command, output = line[2:], []
        elif command and command.endswith("\\") and not output:
            command += "\n" + line
        else:
            output.append(line)
    if command:
        yield command, "\n".join(output)


def comparable(text, folder):
    text = re.sub(r"[0-9.]+ (M )?rows/s|[0-9]+ k?B", "N", text)
    return text.replace(folder, "/home/you/first").rstrip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Page:
    """One document, typed in a folder."""

    def __init__(self, path, hindcast, folder, is_shown):
        self.path, self.folder, self.is_shown = path, folder, is_shown
        self.environment = {**os.environ, "PATH": os.path.dirname(hindcast) + os.pathsep + os.environ["PATH"]}
        self.port, self.server = free_port(), None
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.count, self.differences = 0, []

    def run(self, command):
        command = command.replace("7379", self.port)
        done = subprocess.run(
            command, shell=True, executable="/bin/bash", cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout

    def serve(self, command):
        command = command.rstrip("& ").replace("7379", self.port)
        if "--port" not in command:
            command += f" --port {self.port}"
        with open(f"{self.folder}/serve.log", "wb") as log:
            self.server = subprocess.Popen(
                "exec " + command, shell=True, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.port))) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"{self.path}: no server came up: {command}")

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=60)
            self.server = None

    def type(self, command):
        """What a command prints; None for one that is not run."""
        made = re.fullmatch(r"cat (\S+)", command)
        if made and not os.path.exists(f"{self.folder}/{made[1]}") or not command.startswith(RUN):
            return None
        if command.startswith("kill "):
            self.stop()
            return ""
        if command.startswith("hindcast serve ") and command.endswith("&"):
            self.serve(command)
            return ""
        return self.run(command)

    def step(self, command, shown):
        if self.is_shown:
            print(f"$ {command}", flush=True)
        found = self.type(command)
        made = re.fullmatch(r"cat (\S+)", command)
        if found is None and made:
            self.write(made[1], shown.rstrip() + "\n")
        if found is None:
            return
        self.count += 1
        if self.is_shown:
            print("".join(f"  {line}\n" for line in found.splitlines()), end="", flush=True)
        if comparable(found, self.folder) != comparable(shown, self.folder):
            self.differences.append((command, shown, found))

    def write(self, name, body):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(body)

    def check(self):
        for kind, name, body in blocks(self.text):
            if kind == "run":
                self.run(name)
            elif kind == "file":
                self.write(name, body)
            elif kind == "heading" and self.is_shown:
                print(f"\n== {name}\n")
            for command, shown in steps(body) if kind == "console" else ():
                self.step(command, shown)
        self.stop()

    def mend(self):
        """Puts what was printed in the place of what stands there."""
        for command, shown, found in self.differences:
            old, new = f"$ {command}\n{shown}", f"$ {command}\n" + found.replace(self.folder, "/home/you/first").rstrip()
            self.text = self.text.replace(old.rstrip() + "\n", new.rstrip() + "\n", 1)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.text)


def linked(folder):
    """What examples read of the project."""
    for name in (".build-demo", "tools", "schemas"):
        if os.path.isdir(name):
            os.symlink(os.path.abspath(name), f"{folder}/{name}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--write", action="store_true", help="put what is printed into the documents")
    arguments.add_argument("--show", metavar="FOLDER", help="show what is typed, and leave what it makes there")
    arguments.add_argument("hindcast")
    arguments.add_argument("documents", nargs="+")
    options = arguments.parse_args()
    failures = 0
    for document in options.documents:
        with tempfile.TemporaryDirectory() as temporary:
            folder = os.path.abspath(options.show or temporary)
            linked(folder)
            page = Page(document, os.path.abspath(options.hindcast), folder, options.show is not None)
            try:
                page.check()
            finally:
                page.stop()
        if options.write:
            page.mend()
        if not options.show or page.differences:
            print(f"{document}: {page.count} commands, {len(page.differences)} differ")
        for command, shown, found in page.differences if not options.write else ():
            print(f"{document}: $ {command}\n{found}\n-- shown is\n{shown}", file=sys.stderr)
        failures += len(page.differences) + (page.count == 0)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
