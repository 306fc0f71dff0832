#!/bin/sh
# Compiles the locks from the hand-written inputs; arguments go to uv (--upgrade, --upgrade-package NAME).
# Without them what is pinned stays as it is where the inputs allow it.
set -eu
cd "$(dirname "$0")/.."
. requirements/find.sh
mkdir -p .tools
share_network_settings
uv=$(find_uv) || { say "no uv here, and fetching it through pip failed: sudo apt-get install python3-pip"; exit 1; }
for name in runtime dev gpu build uv; do
    say "compiling requirements/$name.lock"
    "$uv" pip compile --quiet --python-version 3.10 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --allow-unsafe "$@" -o "requirements/$name.lock" "requirements/$name.in"
done
