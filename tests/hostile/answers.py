"""Gives every line of standard input, a JSON list, to the command line, and prints its answers.

One process for all of them, since it imports torch once; where it crashes, the last answer is
missing. The last line is the most memory it ever held, in bytes.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from gridsal_core.cli.main import run
from tests.process_memory import peak_bytes


def main() -> None:
    for line in sys.stdin:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(json.loads(line))
        print(json.dumps({"status": status, "out": out.getvalue(), "err": err.getvalue()}))
        sys.stdout.flush()
    print(peak_bytes())


if __name__ == "__main__":
    main()
