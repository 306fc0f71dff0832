#!/bin/sh
# Makes .venv from the locks, or brings it up to date:
#
#     sh requirements/bootstrap.sh runtime    what `make run` needs
#     sh requirements/bootstrap.sh dev        that, and what `make test` needs
#
# .venv/.runtime and .venv/.dev hold the digest of what they were made from and are written last; when they
# are right nothing else is looked at. .tools/unfinished stands from the first change to the last: a set-up
# that was killed half-way is thrown away and made anew.
set -eu
cd "$(dirname "$0")/.."
. requirements/find.sh

digest() { # $1: runtime or dev
    locks="requirements/runtime.lock"
    if [ "$1" = dev ]; then locks="$locks requirements/dev.lock"; fi
    { pwd -P; cat setup.py requirements/bootstrap.sh requirements/build.lock $locks; } | sha256sum | cut -d ' ' -f 1
}

is_done() { # $1: runtime or dev
    [ ! -e .tools/unfinished ] && [ "$(cat ".venv/.$1" 2>/dev/null)" = "$(digest "$1")" ] &&
        [ -x .venv/bin/millrace ] && .venv/bin/python -I -S -c pass 2>/dev/null
}

give_up() {
    say "$1"
    shift
    for line in "$@"; do echo "    $line" >&2; done
    exit 1
}

explain_no_python() {
    if find_uv >/dev/null 2>&1; then
        give_up "there is no Python 3.10 on this machine, and uv could not fetch one (the reason stands above)." \
            "Where GitHub is out of reach, set UV_PYTHON_INSTALL_MIRROR to a mirror of python-build-standalone, and call" \
            "make or \`millrace image build\` again. Or do without: an image has one from its base (--base" \
            "python:3.10-slim-bookworm), a machine from pyenv install 3.10, after sudo apt-get install build-essential" \
            "libssl-dev zlib1g-dev libbz2-dev liblzma-dev libffi-dev libsqlite3-dev libreadline-dev"
    fi
    give_up "there is no Python 3.10 on this machine, nor uv, nor a Python with pip to fetch them with." \
        "sudo apt-get install python3-pip build-essential" \
        "(Looked for: pyenv's versions; python3.10, python3 and uv in PATH; ~/.local/bin/uv; ~/.cargo/bin/uv.)"
}

make_venv() {
    python=$(find_python) || explain_no_python
    say "setting up .venv with $("$python" --version) from $python (a few minutes the first time)"
    if uv=$(find_uv); then
        "$uv" venv --quiet --python "$python" .venv
    else
        "$python" -m venv .venv || give_up "$python can't make a virtual environment." "sudo apt-get install python3-venv"
    fi
}

install() { # arguments: the locks
    if uv=$(find_uv); then
        # Where Python may not write bytecode (common in containers) every import of TFX would take twice as long.
        compile=${PYTHONDONTWRITEBYTECODE:+--compile-bytecode}
        "$uv" pip sync --quiet $compile --python .venv/bin/python \
            --require-hashes --build-constraints requirements/build.lock "$@" &&
            "$uv" pip install --quiet --python .venv/bin/python --offline --no-deps --no-build-isolation --editable .
    else
        files=$(printf ' -r %s' "$@")
        pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip --quiet"
        $pip install --require-hashes --no-deps -r requirements/build.lock &&
            $pip install --require-hashes --no-deps --no-build-isolation $files &&
            $pip install --no-deps --no-build-isolation --use-pep517 --no-index --editable .
    fi
}

explain_failure() {
    say "installing failed; the reason stands above. The next call starts afresh."
    include=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')
    if ! command -v c++ >/dev/null; then
        echo "    There is no C++ compiler, and pyfarmhash and crcmod come as source: sudo apt-get install build-essential" >&2
    elif [ ! -e "$include/Python.h" ]; then
        echo "    Python's headers are missing, and pyfarmhash and crcmod come as source: sudo apt-get install python3.10-dev" >&2
    fi
    exit 1
}

# uv checks what it fetches, not what lies unpacked in its cache: of a cache that was half written when a machine went
# down, or is half deleted, it installs what is left, and says nothing.
check_files() {
    .venv/bin/python -I -c '
import csv, importlib.metadata, sys
broken = {}
for package in importlib.metadata.distributions():
    rows = csv.reader((package.read_text("RECORD") or "").splitlines())
    missing = [file for file, *_ in rows if not file.endswith(".pyc") and not package.locate_file(file).exists()]
    if missing:
        broken[package.metadata["Name"]] = missing
for name, missing in sorted(broken.items()):
    print(f"millrace: {name} is not whole, {len(missing)} of its files are missing: {missing[0]}", file=sys.stderr)
if broken:
    sys.exit("    the cache that it came from is damaged: uv cache clean " + " ".join(sorted(broken)))'
}

set_up() { # $1: runtime or dev
    share_network_settings
    if [ -e .venv/.dev ]; then level=dev; else level=$1; fi
    if [ -e .tools/unfinished ] || ! is_python .venv/bin/python; then
        # A rename first: it can't be interrupted, and leaves no half of an old .venv behind.
        if [ -e .venv ]; then mv .venv ".tools/old.$$"; fi
        rm -rf .tools/old.*
        : >.tools/unfinished
        make_venv
    fi
    : >.tools/unfinished
    locks="requirements/runtime.lock"
    if [ "$level" = dev ]; then locks="$locks requirements/dev.lock"; fi
    rm -f .venv/.runtime .venv/.dev
    install $locks || explain_failure
    check_files || exit 1
    digest runtime >.venv/.runtime
    if [ "$level" = dev ]; then digest dev >.venv/.dev; fi
    rm .tools/unfinished
}

case ${1:-} in runtime | dev) ;; *) give_up "usage: sh requirements/bootstrap.sh runtime|dev" ;; esac
if is_done "$1"; then exit 0; fi
mkdir -p .tools
if command -v flock >/dev/null; then
    exec 9>.tools/lock
    flock --nonblock 9 || { say "another set-up is at work in this checkout, waiting for it"; flock 9; }
fi
if ! is_done "$1"; then set_up "$1"; fi
