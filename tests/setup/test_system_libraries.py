"""`tools/system_libraries.sh`: what Qt loads is there, or the user knows what to type."""

from __future__ import annotations

import pytest

from tests.setup.sandbox import Machine

SCRIPT = "system_libraries.sh"

# On Debian 12 these were seen to suffice in a bare system.
PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
INSTALL = "apt-get install -y --no-install-recommends"


def lacking(machine: Machine, *libraries: str) -> None:
    present = [library for library in PACKAGES if library not in libraries]
    lines = "".join(f"\t{name} (libc6) => /lib/{name}\n" for name in ["libc.so.6", *present])
    machine.has("ldconfig", f"cat <<'END'\n{lines}END")


def user(machine: Machine, number: int) -> None:
    machine.has("id", f"echo {number}")


@pytest.fixture
def debian(machine: Machine) -> Machine:
    machine.has("apt-get")
    return machine


def test_nothing_missing_calls_apt_never(debian: Machine) -> None:
    lacking(debian)
    user(debian, 0)

    done = debian.run(SCRIPT)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert debian.calls("apt-get") == []


def test_root_installs_what_is_missing_and_no_more(debian: Machine) -> None:
    lacking(debian, "libEGL.so.1", "libxcb-cursor.so.0")
    user(debian, 0)

    done = debian.run(SCRIPT)

    assert done.returncode == 0
    update, install = debian.calls("apt-get")
    assert update.startswith("apt-get update")
    assert install.startswith(f"{INSTALL} libegl1 libxcb-cursor0 -")


def test_a_bare_system_gets_every_package(debian: Machine) -> None:
    lacking(debian, *PACKAGES)
    user(debian, 0)

    debian.run(SCRIPT)

    assert f"{INSTALL} {' '.join(PACKAGES.values())} -" in debian.calls("apt-get")[-1]


def test_a_library_is_not_taken_for_one_with_a_longer_name(debian: Machine) -> None:
    lacking(debian, "libGL.so.1")
    user(debian, 0)

    debian.run(SCRIPT)

    assert f"{INSTALL} libgl1 -" in debian.calls("apt-get")[-1]


def test_sudo_without_a_password_installs(debian: Machine) -> None:
    lacking(debian, "libGL.so.1")
    user(debian, 1000)
    debian.has("sudo", '[ "$1" = -n ] && shift\nexec "$@"')
    debian.has("true")

    done = debian.run(SCRIPT)

    assert done.returncode == 0
    assert f"{INSTALL} libgl1 -" in debian.calls("apt-get")[-1]


def test_without_root_or_sudo_the_exact_line_is_printed_and_set_up_goes_on(debian: Machine) -> None:
    lacking(debian, "libGL.so.1", "libdbus-1.so.3")
    user(debian, 1000)

    done = debian.run(SCRIPT)

    assert done.returncode == 0
    assert debian.calls("apt-get") == []
    assert done.stderr.splitlines()[-1].strip() == (
        f"apt-get update && {INSTALL} libgl1 libdbus-1-3"
    )


def test_sudo_that_wants_a_password_is_not_asked_without_a_terminal(debian: Machine) -> None:
    lacking(debian, "libGL.so.1")
    user(debian, 1000)
    debian.has("sudo", "exit 1")

    done = debian.run(SCRIPT)

    assert done.returncode == 0
    assert debian.calls("sudo") == ["sudo -n true"]
    assert done.stderr.splitlines()[-1].strip() == (f"sudo apt-get update && sudo {INSTALL} libgl1")


def test_apt_that_fails_leaves_the_line_to_try_by_hand(debian: Machine) -> None:
    lacking(debian, "libGL.so.1")
    user(debian, 0)
    debian.has("apt-get", "exit 100")

    done = debian.run(SCRIPT)

    assert done.returncode == 0
    assert f"{INSTALL} libgl1" in done.stderr


def test_the_tests_also_need_a_display_a_window_manager_and_a_hand(debian: Machine) -> None:
    lacking(debian)
    user(debian, 0)

    debian.run(SCRIPT, "--tests")

    assert f"{INSTALL} xvfb openbox xdotool -" in debian.calls("apt-get")[-1]


def test_programs_of_the_tests_that_are_there_are_not_installed(debian: Machine) -> None:
    lacking(debian)
    user(debian, 0)
    for program in ("Xvfb", "openbox", "xdotool"):
        debian.has(program)

    debian.run(SCRIPT, "--tests")

    assert debian.calls("apt-get") == []


def test_another_distribution_is_told_what_qt_needs(machine: Machine) -> None:
    lacking(machine, "libGL.so.1", "libxcb-cursor.so.0")

    done = machine.run(SCRIPT)

    assert done.returncode == 0
    assert done.stderr == (
        "Qt needs what this system lacks: libGL.so.1 libxcb-cursor.so.0; "
        "install them with its package manager.\n"
    )


def test_macos_needs_nothing(machine: Machine) -> None:
    machine.has("uname", "echo Darwin")

    done = machine.run(SCRIPT, "--tests")

    assert (done.returncode, done.stderr) == (0, "")
