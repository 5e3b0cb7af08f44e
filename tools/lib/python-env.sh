# Sourced by the tools that need Python packages: virtual environments beside them, made when they are
# first needed and kept. Only the packages named are installed, in exactly these versions.
#
#   tools=FOLDER_OF_TOOLS; . "$tools/lib/python-env.sh"
#   python_env conformance "$duckdb_package"     sets $python, or says what is wrong and exits with 2
#
# HINDCAST_PYTHON names a Python that has the packages already; then nothing is installed. Who needs another
# environment than the common one sets these first:
#
#   python_folder        where it is
#   python_variable      the variable that people name a Python of their own with
#   python_constraints   a file with the versions of all that the packages need in turn

duckdb_package=duckdb==2.0.0
pyarrow_package=pyarrow==26.0.1
redis_package=redis==5.2.1

# Whether $python has the packages, in these versions.
python_has() {
  "$python" - "$@" 2>/dev/null <<'END'
import sys
from importlib.metadata import version
from importlib.util import find_spec
for package in sys.argv[1:]:
    name, wanted = package.split("==")
    name = name.split("[")[0]
    assert version(name) == wanted and find_spec(name)
END
}

python_env() {
  tool=$1
  shift
  folder=${python_folder:-$tools/.venv}
  variable=${python_variable:-HINDCAST_PYTHON}
  python=${!variable:-$folder/bin/python}
  if python_has "$@"; then return; fi
  if [ -n "${!variable:-}" ]; then
    echo "$tool: $variable=$python lacks one of: $*" >&2
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
  # What is imported is compiled then: to compile all of it takes as long as the rest of the installation.
  if ! "$folder/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    ${python_constraints:+--constraint "$python_constraints"} "$@"; then
    echo "$tool: pip could not install $* (see above); with them in a Python of your own," >&2
    echo "$tool: set $variable to it" >&2
    exit 2
  fi
}
