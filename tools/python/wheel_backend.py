"""Makes the wheel: the package, the shared library and what a wheel says of itself, in a zip file.

A build backend in pip's sense, so that `pip install tools/python` works too; it needs nothing that Python itself
has not. The library is HINDCAST_LIBRARY, or it is built with the Swift runtime inside.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIBRARY = "libHindcastC.so"
SUMMARY = "A point-in-time feature store: features of past events as they were known when each event happened"


def version() -> str:
    text = (ROOT / "Sources/Hindcast/Version.swift").read_text(encoding="utf-8")
    found = re.search(r'hindcastVersion = "(.*)"', text)
    assert found, "Version.swift says no version"
    return found[1]


def library() -> Path:
    """The shared library to pack."""
    named = os.environ.get("HINDCAST_LIBRARY")
    if named:
        return Path(named)
    scratch = ROOT / ".build-wheel"
    command = ["swift", "build", "-c", "release", "--product", "HindcastC", "--scratch-path", str(scratch)]
    # The runtime goes in: a machine with the wheel needs no Swift.
    subprocess.run([*command, "-Xswiftc", "-static-stdlib", "-Xlinker", "-s"], cwd=ROOT, check=True)
    return scratch / "release" / LIBRARY


def metadata() -> str:
    lines = [
        "Metadata-Version: 2.4",
        "Name: hindcast",
        f"Version: {version()}",
        f"Summary: {SUMMARY}",
        "License-Expression: Apache-2.0",
        "License-File: LICENSE",
        "Requires-Python: >=3.9",
        "Requires-Dist: pyarrow>=15",
        "Provides-Extra: client",
        "Requires-Dist: redis<6,>=5; extra == 'client'",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown",
        "",
        (HERE / "README.md").read_text(encoding="utf-8"),
    ]
    return "\n".join(lines)


def build_wheel(folder: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """Writes the wheel into a folder; its name."""
    tag = f"py3-none-linux_{platform.machine()}"
    about = f"hindcast-{version()}.dist-info"
    files: dict[str, bytes] = {}
    for path in sorted((HERE / "hindcast").iterdir()):
        if path.suffix == ".py" or path.name == "py.typed":
            files[f"hindcast/{path.name}"] = path.read_bytes()
    files[f"hindcast/{LIBRARY}"] = library().read_bytes()
    files[f"{about}/METADATA"] = metadata().encode()
    files[f"{about}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: hindcast\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{about}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{about}/RECORD"] = record(files, f"{about}/RECORD").encode()
    name = f"hindcast-{version()}-{tag}.whl"
    with zipfile.ZipFile(Path(folder) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path_in_wheel, content in files.items():
            # The same bytes whenever it is made.
            entry = zipfile.ZipInfo(path_in_wheel, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return name


def record(files: dict[str, bytes], own: str) -> str:
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join(lines) + f"{own},,\n"


def build_sdist(folder: str, config_settings: Any = None) -> str:
    raise RuntimeError("the package is built from the repository alone; there is no source distribution")
