"""A machine made of stand-ins: the scripts run for real, on a PATH that holds nothing else."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What the scripts may use of the real system.
REAL = ("cat", "cksum", "cp", "dirname", "env", "mkdir", "printf", "rm", "sh", "touch")


@dataclass
class Machine:
    """A folder with a copy of the scripts, and the commands that this machine has.

    Every stand-in writes its call, with its arguments, to `calls`.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True)
        shutil.copytree(ROOT / "tools", self.folder / "tools")
        for name in REAL:
            real = shutil.which(name)
            assert real is not None
            (self.bin / name).symlink_to(real)
        self.has("uname", 'case "$*" in -sm) echo Linux aarch64 ;; *) echo Linux ;; esac')

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def has(self, command: str, body: str = "") -> None:
        """Give the machine this command; `body` is a shell script."""
        path = self.bin / command
        path.write_text(f'#!/bin/sh\necho "{command} $*" >>"$CALLS"\n{body}\n')
        path.chmod(0o755)

    def run(
        self, script: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "sh"), str(self.folder / "tools" / script), *arguments],
            env={"PATH": str(self.bin), "CALLS": str(self.log), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    @property
    def log(self) -> Path:
        return self.folder / "calls"

    def calls(self, command: str) -> list[str]:
        """Return how `command` was called so far, oldest first."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.split()[0] == command]
