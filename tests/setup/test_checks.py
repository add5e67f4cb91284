"""The same checks run by hand, before a commit and in CI."""

from __future__ import annotations

import re
import subprocess

from tests.setup.sandbox import ROOT


def test_a_commit_is_checked_with_the_commands_of_make_lint() -> None:
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "lint"],  # noqa: S607  # the make of whoever tests
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())

    assert hooks == [line for line in recipe if line.startswith(".venv/")]


def test_pytest_closes_what_ci_prints() -> None:
    commands = re.findall(r"^make .+", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert commands == ["make lint", "make test"]
