"""The commands of `gridsal`, and the one place where an error becomes a sentence on stderr."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from gridsal_core.checkpoints.files import one_line
from gridsal_core.cli import demo, models, survey, toy
from gridsal_core.cli.card import card
from gridsal_core.cli.demo import OpenWindow
from gridsal_core.cli.explain import check, explain, what_if
from gridsal_core.cli.figure import figure
from gridsal_core.cli.progress import say
from gridsal_core.cli.publish import export, report
from gridsal_core.errors import DeviceError, GridSalError, ImageTooLargeError
from gridsal_core.logs import MAIN, log_folder, logged
from gridsal_core.session import SESSION_SUFFIX
from gridsal_core.threads import sleep_while_idle

UNFORESEEN = 1
BAD_INPUT = 2
INTERRUPTED = 130

log = logging.getLogger(__name__)

# What is wrong with the words of a command. Older typers lean on click, newer ones on a copy of it
# of their own: the class above typer.BadParameter's is the right one in both.
_USAGE: Any = typer.BadParameter.__base__


def run(arguments: Sequence[str], open_window: OpenWindow | None = None) -> int:
    """Run the command line and return the exit status.

    It is 0, or 2 for bad input, 130 if interrupted, and 1 where nobody foresaw what happened.

    Parameters
    ----------
    arguments
        What follows the program's name.
    open_window
        Opens the window on a model and an image folder, or on a session, and returns when it is
        closed. Handed in by the app, since this package knows nothing of it.
    """
    sleep_while_idle()
    with logged(MAIN):
        log.info("gridsal %s", shlex.join(arguments))
        return _run(arguments, open_window)


def _run(arguments: Sequence[str], open_window: OpenWindow | None) -> int:
    program = typer.main.get_command(build(open_window))
    status: object
    try:
        words = _with_session(list(arguments))
        status = program.main(words, prog_name="gridsal", standalone_mode=False)
        sys.stdout.flush()
    except _USAGE as error:
        wrong = error.format_message()
        stop = "" if wrong.endswith((".", "?")) else "."
        say(f"gridsal: {wrong}{stop} See gridsal --help.")
        return BAD_INPUT
    except ImageTooLargeError as error:
        return _refused(f"{error} The option for that is --allow-large.")
    except GridSalError as error:
        return _refused(str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        status = _end_unread()
    except SystemExit as end:  # so end typer and rich where nobody reads on, as head does not
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        status = _end_unread()
    # The last stop before the terminal: a traceback is for the log.
    except Exception as error:
        log.exception("Not foreseen")
        say(
            f"gridsal: Something went wrong that GridSal did not foresee "
            f"({one_line(error)}); "
            f"{log_folder() / f'{MAIN}.log'} says more, please report it."
        )
        return UNFORESEEN
    if status == INTERRUPTED:  # typer, too, makes this number of Ctrl+C
        say("gridsal: interrupted.")
    return status if isinstance(status, int) else 0


def _refused(sentence: str) -> int:
    log.warning("%s", sentence)
    say(f"gridsal: {sentence}")
    return BAD_INPUT


def _with_session(words: list[str]) -> list[str]:
    """Let a session's file stand alone, as a desktop hands it over that opens it with GridSal."""
    is_alone = bool(words) and words[0].lower().endswith(SESSION_SUFFIX)
    return ["--session", *words] if is_alone else words


def _end_unread() -> int:
    # What is still buffered would fail again when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def build(open_window: OpenWindow | None) -> typer.Typer:
    """Put the commands together."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Which context did a segmentation network need? Grid saliency, in a window or "
        "headless. Without a command the window opens.",
    )

    @app.callback(invoke_without_command=True)
    def window(
        context: typer.Context,
        model: Annotated[
            str | None,
            typer.Option(metavar="FILE|FOLDER|NAME", help="Open this network in the window."),
        ] = None,
        images: Annotated[
            Path | None, typer.Option(help="Open this image folder in the window.")
        ] = None,
        session: Annotated[
            Path | None,
            typer.Option(
                help="Open this session (.gridsal) in the window; the option's name may be left "
                "out, as in gridsal street.gridsal."
            ),
        ] = None,
        show_version: Annotated[
            bool, typer.Option("--version", help="Print the version and exit.")
        ] = False,
    ) -> None:
        if show_version:
            print(f"gridsal {version('gridsal')}")
            raise typer.Exit
        if context.invoked_subcommand is not None:
            return
        if open_window is None:
            raise DeviceError(
                "There is no display to open the window on; use gridsal explain, "
                "or gridsal demo, which does without."
            )
        raise typer.Exit(open_window(model, images, session))

    app.command("explain")(explain)
    app.command("what-if")(what_if)
    app.command("check")(check)
    app.command("figure")(figure)
    app.command("export")(export)
    app.command("report")(report)
    app.command("card")(card)
    app.command("demo")(demo.command(open_window))
    app.add_typer(models.app, name="models")
    app.add_typer(survey.app, name="survey")
    app.add_typer(toy.app, name="toy")
    return app
