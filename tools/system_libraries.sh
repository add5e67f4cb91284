#!/bin/sh
# Install the system libraries that Qt loads where they are missing; never stops the set-up.
# Usage: system_libraries.sh [--tests]
# --tests: also the tests' display, its window manager, and the hand that types and clicks there
set -eu

[ "$(uname -s)" = Linux ] || exit 0

# Looked up by library and not by package: newer releases call some packages by other names
# (libglib2.0-0t64), and apt still knows them by these.
needed="
libGL.so.1 libgl1
libEGL.so.1 libegl1
libxkbcommon.so.0 libxkbcommon0
libglib-2.0.so.0 libglib2.0-0
libfontconfig.so.1 libfontconfig1
libdbus-1.so.3 libdbus-1-3
libxcb-cursor.so.0 libxcb-cursor0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-shape.so.0 libxcb-shape0"

# Only root has /sbin on its path on Debian.
present=$("$(command -v ldconfig || echo /sbin/ldconfig)" -p 2>/dev/null || true)

libraries=
packages=
while read -r library package; do
    case $present in
    *"$library "*) ;;
    *) libraries="$libraries $library" packages="$packages $package" ;;
    esac
done <<END
${needed#?}
END

add_program() {
    command -v "$1" >/dev/null || libraries="$libraries $1" packages="$packages $2"
}

if [ "${1:-}" = --tests ]; then
    add_program Xvfb xvfb
    add_program openbox openbox
    add_program xdotool xdotool
fi

[ -n "$packages" ] || exit 0

if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    sh "$(dirname "$0")/apt_install.sh" $packages || true
else
    printf '%s\n' "Qt needs what this system lacks:$libraries; install them with its package manager." >&2
fi
