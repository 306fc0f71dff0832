# Functions that find Python 3.10 and uv; bootstrap.sh and lock.sh read this file, from the checkout's root.

say() { echo "millrace: $*" >&2; }

# Every executable called $1 in PATH, then the further paths that are given. A pyenv shim stands in PATH for
# versions that it can't run, so that the first hit proves nothing.
executables() {
    name=$1
    shift
    echo "$PATH" | tr ':' '\n' | sed "s|\$|/$name|"
    for path in "$@"; do echo "$path"; done
}

# Is $1 a CPython 3.10, 64 bit, with the modules that a build without their headers lacks?
is_python() {
    [ -x "$1" ] && "$1" -I -c '
import sys, platform
assert sys.version_info[:2] == (3, 10) and platform.python_implementation() == "CPython" and sys.maxsize > 2**32
import bz2, ctypes, lzma, sqlite3, ssl, zlib' >/dev/null 2>&1
}

# Prints a Python 3.10: from pyenv, PATH or uv's own collection, or fetched by uv. Never one inside a virtual
# environment (which may be the one that is about to be replaced).
find_python() {
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python3.10 "$HOME"/.pyenv/versions/3.10*/bin/python3.10; do
        if is_python "$candidate"; then echo "$candidate" && return; fi
    done
    executables python3.10 >.tools/candidates
    executables python3 >>.tools/candidates
    executables python >>.tools/candidates
    while read -r candidate; do
        if is_python "$candidate"; then
            "$candidate" -I -c 'import sys
print(sys.executable if sys.prefix == sys.base_prefix else sys.base_prefix + "/bin/python3.10")' && return
        fi
    done <.tools/candidates
    uv=$(find_uv) || return 1
    if ! "$uv" python find --managed-python --no-python-downloads 3.10 >/dev/null 2>&1; then
        say "no Python 3.10 on this machine, fetching one with uv"
        "$uv" python install --no-bin 3.10 >&2 || return 1
    fi
    "$uv" python find --managed-python --no-python-downloads 3.10
}

# Prints a uv that is new enough (0.5, of November 2024): the machine's, or the pinned one in .tools/.
find_uv() {
    executables uv "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv" "$PWD/.tools/uv/bin/uv" >.tools/uvs
    while read -r candidate; do
        if [ -x "$candidate" ] && "$candidate" --version 2>/dev/null | grep -Eq '^uv ([1-9]|0\.([5-9]|[1-9][0-9]))'; then
            echo "$candidate" && return
        fi
    done <.tools/uvs
    fetch_uv >&2 && .tools/uv/bin/uv --version >/dev/null && echo "$PWD/.tools/uv/bin/uv"
}

fetch_uv() {
    python=$(python_with_pip) || return 1
    rm -rf .tools/uv .tools/uv.new
    PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
        --target .tools/uv.new -r requirements/uv.lock && mv .tools/uv.new .tools/uv
}

# Prints any Python 3 that has pip, or gets one by making a virtual environment with it.
python_with_pip() {
    { executables python3; executables python3.10; executables python; ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; } \
        >.tools/candidates 2>/dev/null || true
    while read -r candidate; do
        if [ -x "$candidate" ] && "$candidate" -I -c 'import pip' >/dev/null 2>&1; then echo "$candidate" && return; fi
    done <.tools/candidates
    while read -r candidate; do
        if [ -x "$candidate" ] && "$candidate" -I -m venv --clear .tools/pip >/dev/null 2>&1; then
            echo "$PWD/.tools/pip/bin/python" && return
        fi
    done <.tools/candidates
    return 1
}

# uv knows neither pip's configuration nor the machine's own certificates: hand both on, so that a mirror or a
# proxy that was set up for pip serves uv too.
share_network_settings() {
    settings=""
    if python=$(python_with_pip 2>/dev/null); then settings=$("$python" -m pip config list 2>/dev/null) || true; fi
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] && [ ! -e "$HOME/.config/uv/uv.toml" ] && [ ! -e /etc/uv/uv.toml ]; then
        index=$(pip_setting index-url)
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    fi
    for bundle in "$(pip_setting cert)" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        if [ -z "${SSL_CERT_FILE:-}" ] && [ -r "$bundle" ]; then export SSL_CERT_FILE="$bundle"; fi
    done
}

pip_setting() { # $1: its name; environment variables are listed last and count most
    echo "$settings" | sed -n "s/^[a-z:]*\.$1='\(.*\)'\$/\1/p" | tail -n 1
}
