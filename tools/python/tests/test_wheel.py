"""The wheel: a zip file that works where there is neither repository nor variable."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow

HERE = Path(__file__).resolve().parents[1]


def test_a_wheel_works_by_itself(tmp_path: Path) -> None:
    built = subprocess.run([HERE / "build", tmp_path], text=True, capture_output=True, check=True)
    wheel = Path(built.stdout.strip())
    assert wheel.name.startswith("hindcast-0.1.0-py3-none-linux_")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    names = {name for name in packed.namelist() if name.startswith("hindcast/")}
    assert {"hindcast/py.typed", "hindcast/libHindcastC.so", "hindcast/__main__.py"} <= names
    here = {f"hindcast/{path.name}" for path in (HERE / "hindcast").glob("*.py")}
    assert here <= names
    about = (tmp_path / "installed/hindcast-0.1.0.dist-info/METADATA").read_text(encoding="utf-8")
    assert "Provides-Extra: client" in about and "Requires-Dist: redis<6,>=5; extra == 'client'" in about
    # pyarrow stays where it is; the package comes from the wheel alone.
    path = os.pathsep.join([str(tmp_path / "installed"), str(Path(pyarrow.__file__).parents[1])])
    environment = {key: value for key, value in os.environ.items() if key != "HINDCAST_LIBRARY"}
    program = "import hindcast; print(hindcast.__file__, hindcast.__version__)"
    ran = subprocess.run([sys.executable, "-c", program], env={**environment, "PYTHONPATH": path}, cwd=tmp_path,
                         text=True, capture_output=True, check=True)
    assert ran.stdout.split() == [str(tmp_path / "installed/hindcast/__init__.py"), "0.1.0"]


def test_a_missing_library_is_told_with_the_way_to_it() -> None:
    environment = {**os.environ, "HINDCAST_LIBRARY": "/nowhere/libHindcastC.so", "PYTHONPATH": str(HERE)}
    ran = subprocess.run([sys.executable, "-c", "import hindcast"], env=environment, text=True, capture_output=True,
                         check=False)
    assert ran.returncode == 1
    assert "/nowhere/libHindcastC.so" in ran.stderr and "swift build -c release --product HindcastC" in ran.stderr
