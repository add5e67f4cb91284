#!/bin/sh
# Install the named Debian packages with root or sudo; with neither, print the line that does it.
# Usage: apt_install.sh PACKAGE...
set -eu

install="apt-get install -y --no-install-recommends $*"

tell_and_give_up() {
    if command -v sudo >/dev/null; then sudo="sudo "; else sudo=; fi
    printf '%s\n  %s\n' "$1; as root, run this line:" \
        "${sudo}apt-get update && ${sudo}${install}" >&2
    exit 1
}

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif ! command -v sudo >/dev/null; then
    tell_and_give_up "Missing: $*"
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
elif [ -t 0 ]; then
    as_root=sudo
else
    tell_and_give_up "Missing: $*"
fi

printf 'Installing with apt: %s\n' "$*"
# A repository that does not answer need not be the one these packages come from.
$as_root apt-get update -qq || true
# A fresh Ubuntu holds the lock for minutes while it updates itself.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive ${install} -qq -o DPkg::Lock::Timeout=300 ||
    tell_and_give_up "apt could not install $*"
