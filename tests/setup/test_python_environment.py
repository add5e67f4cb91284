"""`tools/python_environment.sh`: .venv is whole afterwards, or the user knows what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.setup.sandbox import Machine

SCRIPT = "python_environment.sh"

# Answers what the script asks of an interpreter, and makes a .venv of itself.
PYTHON = """
case "$*" in
*version_info*3,*) exit "${OLD:-0}" ;;
"-c import ensurepip") exit "${NO_ENSUREPIP:-0}" ;;
*print*) echo 3.12 ;;
--version) echo Python 3.9.2 ;;
"-m venv"*)
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    [ -z "${NO_ENSUREPIP:-}" ] || exit 0
    printf '#!/bin/sh\\necho "pip 25 from %s/.venv/lib"' "$PWD" >.venv/bin/pip
    chmod +x .venv/bin/pip ;;
"-m pip --python"*)
    printf '#!/bin/sh\\necho "pip 25 from %s/.venv/lib"' "$PWD" >.venv/bin/pip
    chmod +x .venv/bin/pip ;;
"-m pip --version") exit "${NO_PIP:-0}" ;;
*install*) exit "${PIP_STATUS:-0}" ;;
esac
"""


@pytest.fixture
def machine(machine: Machine) -> Machine:
    (machine.bin / "chmod").symlink_to("/bin/chmod")
    machine.has("python3", PYTHON)
    (machine.folder / "pyproject.toml").write_text("[project]\n")
    return machine


def installs(machine: Machine) -> list[str]:
    return [call for call in machine.calls("python3") if " install " in call]


def venvs(machine: Machine) -> list[str]:
    return [call for call in machine.calls("python3") if "-m venv" in call]


def test_the_app_is_installed_editable_without_the_tools_of_its_developers(
    machine: Machine,
) -> None:
    assert machine.run(SCRIPT, "runtime").returncode == 0
    (install,) = installs(machine)
    assert install.endswith("install --editable .")


def test_the_tests_get_the_tools_of_the_developers(machine: Machine) -> None:
    assert machine.run(SCRIPT, "dev").returncode == 0
    (install,) = installs(machine)
    assert install.endswith("install --editable .[dev]")


@pytest.mark.parametrize(("first", "then"), [("runtime",) * 2, ("dev",) * 2, ("dev", "runtime")])
def test_the_second_time_does_nothing(machine: Machine, first: str, then: str) -> None:
    machine.run(SCRIPT, first)
    before = machine.log.read_text()

    assert machine.run(SCRIPT, then).returncode == 0
    assert machine.log.read_text() == before


def test_the_tests_after_the_demo_add_only_what_they_need(machine: Machine) -> None:
    machine.run(SCRIPT, "runtime")
    machine.run(SCRIPT, "dev")

    assert len(venvs(machine)) == 1
    assert len(installs(machine)) == 2


def test_new_dependencies_are_installed_into_the_same_environment(machine: Machine) -> None:
    machine.run(SCRIPT, "dev")
    (machine.folder / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    machine.run(SCRIPT, "dev")

    assert len(venvs(machine)) == 1
    assert len(installs(machine)) == 2


def test_a_set_up_that_was_killed_starts_afresh(machine: Machine) -> None:
    killed = machine.run(SCRIPT, "runtime", PIP_STATUS="137")
    again = machine.run(SCRIPT, "runtime")

    assert (killed.returncode, again.returncode) == (1, 0)
    assert len(venvs(machine)) == 2


def test_pip_that_gives_up_says_what_to_do_and_keeps_what_it_had(machine: Machine) -> None:
    machine.run(SCRIPT, "runtime")
    failed = machine.run(SCRIPT, "dev", PIP_STATUS="1")

    assert failed.returncode == 1
    assert failed.stderr.startswith("pip could not install GridSal")
    assert failed.stderr.count("\n") == 1
    assert machine.run(SCRIPT, "runtime").returncode == 0
    assert len(venvs(machine)) == 1


def test_an_environment_without_pip_is_made_anew(machine: Machine) -> None:
    (machine.folder / ".venv" / "bin").mkdir(parents=True)
    (machine.folder / ".venv" / "bin" / "python").write_text("half")

    assert machine.run(SCRIPT, "runtime").returncode == 0
    assert len(venvs(machine)) == 1


def test_an_environment_made_by_hand_is_kept(machine: Machine) -> None:
    machine.run(SCRIPT, "runtime")
    (machine.folder / ".venv" / ".installed-runtime").unlink()
    machine.run(SCRIPT, "runtime")

    assert len(venvs(machine)) == 1


def test_a_clone_that_was_moved_gets_an_environment_of_its_own(
    machine: Machine, tmp_path: Path
) -> None:
    machine.run(SCRIPT, "runtime")
    machine.folder = machine.folder.rename(tmp_path / "moved")

    assert machine.run(SCRIPT, "runtime").returncode == 0
    assert len(venvs(machine)) == 2


def test_torch_comes_from_the_index_that_was_named(machine: Machine) -> None:
    machine.run(SCRIPT, "runtime", TORCH_INDEX="https://example.org/cpu")

    torch, project = installs(machine)
    assert torch.endswith("--index-url https://example.org/cpu torch torchvision")
    assert project.endswith("--editable .")


def test_a_python_that_is_too_old_is_named_with_the_remedy(machine: Machine) -> None:
    done = machine.run(SCRIPT, "runtime", OLD="1")

    assert done.returncode == 1
    assert done.stderr == (
        "GridSal needs Python 3.11 or newer and python3 is Python 3.9.2; "
        "install one and name it, as in: make demo PYTHON=python3.12\n"
    )
    assert not (machine.folder / ".venv").exists()


def test_a_python_that_is_not_there_is_named_with_the_remedy(machine: Machine) -> None:
    done = machine.run(SCRIPT, "runtime", PYTHON="python9")

    assert done.returncode == 1
    assert "python9 is not there" in done.stderr


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.has("python3.12", PYTHON)
    machine.has("python3", "exit 1")

    assert machine.run(SCRIPT, "runtime").returncode == 0
    assert any("-m venv" in call for call in machine.calls("python3.12"))


def test_where_debian_left_ensurepip_out_pip_itself_makes_the_environment(
    machine: Machine,
) -> None:
    done = machine.run(SCRIPT, "runtime", NO_ENSUREPIP="1")

    assert done.returncode == 0
    assert venvs(machine) == ["python3 -m venv --without-pip .venv"]


def test_with_neither_ensurepip_nor_pip_the_package_to_install_is_named(machine: Machine) -> None:
    machine.has("apt-get")
    machine.has("id", "echo 1000")
    done = machine.run(SCRIPT, "runtime", NO_ENSUREPIP="1", NO_PIP="1")

    assert done.returncode == 1
    assert "install -y --no-install-recommends python3.12-venv" in done.stderr
