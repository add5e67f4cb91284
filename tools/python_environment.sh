#!/bin/sh
# Make .venv and install GridSal into it; does nothing when that is done already.
# Usage: python_environment.sh runtime|dev
# From the environment: PYTHON, the interpreter to use; TORCH_INDEX, a pip index for torch.
set -eu
cd "$(dirname "$0")/.."

folder=$(pwd -P)
wanted="$(cksum <pyproject.toml) $folder"
unfinished=.venv/.unfinished

installed() {
    [ -f ".venv/.installed-$1" ] && [ "$(cat ".venv/.installed-$1")" = "$wanted" ]
}

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for python; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    python=$1
    version=$("$python" --version 2>&1) || version="not there"
    stop "GridSal needs Python 3.11 or newer and $python is $version; install one and name it," \
        "as in: make demo PYTHON=python3.12"
}

# Of this folder's own .venv: one that was moved or copied here runs and changes the other.
healthy() {
    [ ! -e "$unfinished" ] || return 1
    case $(.venv/bin/pip --version 2>/dev/null) in
    *" from $folder/.venv/"*) ;;
    *) return 1 ;;
    esac
}

# Debian splits ensurepip off, into a package that pip can stand in for.
make_venv() {
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv .venv
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip .venv &&
            "$python" -m pip --python .venv/bin/python install --quiet pip
    else
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        command -v apt-get >/dev/null ||
            stop "$python has neither ensurepip nor pip; install its pip, then run this again."
        sh tools/apt_install.sh "python$version-venv" && "$python" -m venv .venv
    fi
}

pip_install() {
    status=0
    .venv/bin/python -m pip --disable-pip-version-check install "$@" || status=$?
    [ $status -ne 0 ] || return 0
    # pip that ends by itself leaves whole packages; pip that was killed leaves halves.
    [ $status -gt 2 ] || rm -f "$unfinished"
    stop "pip could not install GridSal, for the reason above; check the network and the free" \
        "space (10 GB with CUDA, 3 GB without), then run the same command again."
}

if [ -x .venv/bin/python ] && [ ! -e "$unfinished" ] && { installed dev || installed "$1"; }; then
    exit 0
fi

trap 'exit 130' INT TERM HUP
if ! healthy; then
    find_python
    rm -rf .venv
    mkdir .venv
    : >"$unfinished"
    make_venv || stop "$python could not make .venv, for the reason above."
fi
: >"$unfinished"

if [ -n "${TORCH_INDEX:-}" ]; then
    pip_install --index-url "$TORCH_INDEX" torch torchvision
elif [ "$(uname -sm)" = "Linux x86_64" ] && [ ! -e /dev/nvidiactl ]; then
    echo "No NVIDIA GPU is seen here; 'make help' tells how to install the smaller torch without CUDA."
fi
case $1 in
dev) pip_install --editable '.[dev]' ;;
*) pip_install --editable . ;;
esac

printf '%s\n' "$wanted" >".venv/.installed-$1"
rm -f "$unfinished"
