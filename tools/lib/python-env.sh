# Sourced by the tools that need Python packages: one virtual environment beside them, made when it is
# first needed and kept. Only the packages named are installed, in exactly these versions.
#
#   tools=FOLDER_OF_TOOLS; . "$tools/lib/python-env.sh"
#   python_env conformance "$duckdb_package"     sets $python, or says what is wrong and exits with 2
#
# HINDCAST_PYTHON names a Python that has the packages already; then nothing is installed.

duckdb_package=duckdb==2.0.0
pyarrow_package=pyarrow==26.0.1

# Whether $python has the packages, in these versions.
python_has() {
  "$python" - "$@" 2>/dev/null <<'END'
import sys
from importlib.metadata import version
for package in sys.argv[1:]:
    name, wanted = package.split("==")
    assert version(name) == wanted
    __import__(name)
END
}

python_env() {
  tool=$1
  shift
  folder=$tools/.venv
  python=${HINDCAST_PYTHON:-$folder/bin/python}
  if python_has "$@"; then return; fi
  if [ -n "${HINDCAST_PYTHON:-}" ]; then
    echo "$tool: HINDCAST_PYTHON=$python lacks one of: $*" >&2
    exit 2
  fi
  if ! command -v python3 >/dev/null; then
    echo "$tool: python3 is needed (apt-get install python3 python3-venv)" >&2
    exit 2
  fi
  if ! python3 -m venv "$folder" >/dev/null; then
    echo "$tool: no virtual environment could be made (apt-get install python3-venv)" >&2
    exit 2
  fi
  if ! "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"; then
    echo "$tool: pip could not install $* (see above); with them in a Python of your own," >&2
    echo "$tool: set HINDCAST_PYTHON to it" >&2
    exit 2
  fi
}
