"""Types what documents show, and compares what comes out: examples that no longer hold are mistakes.

    tools/test/documented.py HINDCAST DOCUMENT ...

In a ```console block a line `$ hindcast ...` or `$ cat ...` is run by the shell in a temporary folder, and what follows
up to the next `$` is what it has to print. The comment `<!-- file: NAME -->` before a block makes a file of it, `<!-- run:
COMMAND -->` runs a command unseen. `cat` of a file that is not there makes it. Rates, sizes and the folder's name may differ.
"""

import os
import re
import subprocess
import sys
import tempfile


def blocks(text):
    """Fenced blocks with the comment before each, and comments that stand alone, in order."""
    pattern = r"<!-- run: ([^\n]*) -->|(?:<!-- file: ([^\n]*) -->\n)?```(\w*)\n(.*?)```"
    for match in re.finditer(pattern, text, re.S):
        command, name, language, body = match.groups()
        if command:
            yield "run", command, ""
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
        else:
            output.append(line)
    if command:
        yield command, "\n".join(output)


def comparable(text, folder):
    text = re.sub(r"[0-9.]+ (M )?rows/s|[0-9]+ k?B", "N", text)
    return text.replace(folder, "/home/you/first").rstrip()


def run(command, folder, hindcast):
    path = os.path.dirname(hindcast) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        command, shell=True, cwd=folder, env={**os.environ, "PATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def check(document, hindcast):
    """The number of commands that were run, and a text per difference."""
    count, differences = 0, []
    with open(document, encoding="utf-8") as file:
        text = file.read()
    with tempfile.TemporaryDirectory() as folder:
        if os.path.isdir(".build-demo"):
            os.symlink(os.path.abspath(".build-demo"), f"{folder}/.build-demo")
        for kind, name, body in blocks(text):
            if kind == "run":
                run(name, folder, hindcast)
            elif kind == "file":
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(body)
            for command, shown in steps(body) if kind == "console" else ():
                made = re.fullmatch(r"cat (\S+)", command)
                if made and not os.path.exists(f"{folder}/{made[1]}"):
                    with open(f"{folder}/{made[1]}", "w", encoding="utf-8") as file:
                        file.write(shown.rstrip() + "\n")
                elif command.startswith(("hindcast ", "cat ")):
                    count += 1
                    found = comparable(run(command, folder, hindcast), folder)
                    if found != comparable(shown, folder):
                        differences.append(f"{document}: $ {command}\n{found}\n-- shown is\n{shown}")
    return count, differences


def main():
    hindcast, documents = os.path.abspath(sys.argv[1]), sys.argv[2:]
    failures = 0
    for document in documents:
        count, differences = check(document, hindcast)
        print(f"{document}: {count} commands, {len(differences)} differ")
        for difference in differences:
            print(difference, file=sys.stderr)
        failures += len(differences) + (count == 0)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
