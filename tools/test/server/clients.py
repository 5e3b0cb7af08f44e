"""Real clients against a real server: redis-cli as people type into it and over TLS, redis-benchmark, hiredis.

    clients.py FOLDER HIREDIS_PROGRAM
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.request

from served import Server


class Terminal:
    """redis-cli on a terminal of its own."""

    def __init__(self, port: int) -> None:
        child, self.terminal = pty.fork()
        if child == 0:
            # Without a size it would ask the terminal, and there is nobody to answer.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            os.environ["TERM"] = "xterm"
            os.execvp("redis-cli", ["redis-cli", "-p", str(port), "--no-raw"])
        self.wait_for("")

    def wait_for(self, text: str) -> str:
        """Until the text and behind it a new prompt are there: what is typed earlier would be lost."""
        seen = ""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.terminal], [], [], 0.2)
            if ready:
                try:
                    seen += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    break
            # Without what moves the cursor and shows hints.
            plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
            if text in plain and re.search(r"127\.0\.0\.1:\d+(\(TX\))?> $", plain.rstrip("\r")):
                return plain
        raise SystemExit(f"redis-cli did not show {text!r}: {seen!r}")

    def type(self, line: str, answer: str) -> None:
        # Key by key, so that it asks for hints as it does for people.
        for key in line:
            os.write(self.terminal, key.encode())
        time.sleep(0.05)
        os.write(self.terminal, b"\r")
        self.wait_for(answer)


def typed(port: int) -> None:
    terminal = Terminal(port)
    terminal.type("ping", "PONG")
    terminal.type("fs.get by_sender ann FEATURES 1 30d_N", '1) "30d_N"')
    terminal.type("xadd mails:people * sender ann at 2026-01-01 size 3", '-0"')
    terminal.type("hello 3", '"proto" => (integer) 3')
    terminal.type('fs.get by_sender "ann" ASOF 2026-02-01 CORRECTED', '"30d_SIZE" => (integer) ')
    terminal.type("help fs.vector", "The whole vector of a feature set")
    terminal.type("nonsense", "(error) ERR unknown command 'nonsense'")
    terminal.type("multi", "OK")
    terminal.type("ping", "QUEUED")
    terminal.type("exec", "1) PONG")
    terminal.type("client list", "lib-name")
    print("redis-cli, typed: well")


def cli(port: int, *words: str) -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(port), *words], capture_output=True, text=True, timeout=60
    )
    return done.stdout


def commands(port: int) -> None:
    assert cli(port, "PING") == "PONG\n"
    assert "hmget" in cli(port, "COMMAND", "LIST").split()
    assert cli(port, "CONFIG", "GET", "maxclients").split() == ["maxclients", "10000"]
    assert "fs.get" in cli(port, "COMMAND", "DOCS", "FS.GET")
    assert "last-generated-id" in cli(port, "XINFO", "STREAM", "mails")
    assert "# Stats" in cli(port, "INFO")
    events = "".join(
        f"XADD mails:pipe {number}-1 sender pia at 2026-01-01 size 1\r\n" for number in range(1, 5001)
    )
    piped = subprocess.run(
        ["redis-cli", "-p", str(port), "--pipe"], input=events, capture_output=True, text=True,
        timeout=60)  # fmt: skip
    assert "errors: 0, replies: 5000" in piped.stdout, piped.stdout
    assert cli(port, "XLEN", "mails:pipe") == "5000\n"
    print("redis-cli, commands and --pipe: well")


def benchmark(port: int) -> None:
    done = subprocess.run(
        ["redis-benchmark", "-p", str(port), "-n", "20000", "-r", "1000", "-P", "16", "--csv",
         "HMGET", "by_sender:__rand_int__", "30d_N", "30d_SIZE"],
        capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0 and "HMGET" in done.stdout, done.stdout + done.stderr
    assert "rror" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert "calls=20000" in cli(port, "INFO", "commandstats")
    print("redis-benchmark: well")


def pages(port: int) -> None:
    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.read().decode()

    assert page("/healthz") == "ok\n" and page("/readyz") == "ready\n"
    names = set()
    for line in page("/metrics").splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [-+.\dein]+", line), line
        names.add(line.split("{")[0].split(" ")[0])
    for name in ["command_duration_seconds_bucket", "cache_hits_total", "events_late_total",
                 "rocksdb_block_cache_usage", "clients"]:  # fmt: skip
        assert f"hindcast_{name}" in names, name
    print("pages: well")


def compactions_make_way(server: Server) -> None:
    """They are pushed off a core at once when a look-up wants it."""
    assert server.process
    tasks = f"/proc/{server.process.pid}/task"
    names = {int(task): open(f"{tasks}/{task}/comm").read() for task in os.listdir(tasks)}
    compacting = [task for task, name in names.items() if name.startswith("rocksdb:low")]
    assert compacting, names
    for task in compacting:
        assert os.sched_getscheduler(task) == os.SCHED_IDLE, names[task]
    print("compactions make way: well")


def logged_anew(server: Server) -> None:
    """SIGHUP after the log was moved away: a new file, and the server goes on."""
    log = os.path.join(server.folder, "moved.log")
    server.flags = (*server.flags, "--log-file", server.log, "--log-format", "json")
    server.start()
    os.rename(server.log, log)
    assert server.process
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while not os.path.exists(server.log):
        assert time.monotonic() < deadline, "the log was not opened anew"
        time.sleep(0.01)
    assert cli(server.port, "PING") == "PONG\n"
    assert server.stop() == 0
    with open(server.log) as file:
        assert all('"message":' in line for line in file)
    print("log: well")


def encrypted(folder: str) -> None:
    """TLS with a password, beside no plain port at all; strangers on both sides are turned away."""
    os.mkdir(folder)
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)  # fmt: skip
    secret = os.path.join(folder, "password")
    with open(secret, "w") as file:
        file.write("a long enough password\n")
    server = Server(
        folder, "--port", "none", "--tls-port", "0", "--tls-certificate", certificate, "--tls-key",
        key, "--password-file", secret, "--bind", "0.0.0.0")  # fmt: skip
    server.register()
    server.start()
    try:
        words = ["--tls", "--cacert", certificate, "--pass", "a long enough password"]
        assert "PONG" in cli(server.port, *words, "PING")
        # More than one record of TLS, and than one piece of what is sent.
        assert cli(server.port, *words, "COMMAND", "DOCS").count("summary") > 40
        assert "NOAUTH" in cli(server.port, *words[:3], "PING")
        plain = cli(server.port, "PING")
        assert "PONG" not in plain, plain
        assert server.stop() == 0
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
    refused = subprocess.run(
        [server.program, "serve", server.store, "--port", "0", "--bind", "0.0.0.0"],
        capture_output=True, text=True, timeout=60)  # fmt: skip
    assert refused.returncode == 3 and "password" in refused.stderr, refused.stderr
    print("TLS and passwords: well")


def main() -> None:
    server = Server(sys.argv[1], "--unix-socket", os.path.join(sys.argv[1], "socket"))
    server.register()
    server.start()
    try:
        commands(server.port)
        typed(server.port)
        benchmark(server.port)
        subprocess.run([sys.argv[2], str(server.port)], check=True, timeout=60)
        pages(server.port)
        compactions_make_way(server)
        unix = subprocess.run(
            ["redis-cli", "-s", os.path.join(sys.argv[1], "socket"), "PING"],
            capture_output=True, text=True, timeout=20)  # fmt: skip
        assert unix.stdout == "PONG\n"
        assert server.stop() == 0
        server.start()
        cli(server.port, "SHUTDOWN")
        assert server.process and server.process.wait(timeout=60) == 0
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
    print("ends: well")
    logged_anew(server)
    encrypted(os.path.join(sys.argv[1], "tls"))


if __name__ == "__main__":
    main()
