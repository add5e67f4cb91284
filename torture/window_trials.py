"""All trials on the window, by name."""

from __future__ import annotations

from functools import partial
from typing import Final

from torture import bad_files, bad_networks, clock, engine_kills, full_disk, two_windows
from torture.desk import WindowTrial

WINDOW_TRIALS: Final[dict[str, WindowTrial]] = {
    "engine": WindowTrial(engine_kills.kill, 24),
    **{
        f"network {deed}": WindowTrial(partial(bad_networks.play, deed=deed), 2)
        for deed in bad_networks.DEEDS
    },
    **{
        f"image {how}": WindowTrial(partial(bad_files.image, how=how), 3)
        for how in bad_files.DAMAGE
    },
    **{
        f"label map {how}": WindowTrial(partial(bad_files.label, how=how), 1)
        for how in bad_files.DAMAGE
    },
    "image folder vanishes": WindowTrial(bad_files.folder, 3),
    "network vanishes": WindowTrial(bad_files.network, 2),
    "pipe as folder, network and session": WindowTrial(bad_files.pipe, 3),
    "session file vanishes or changes": WindowTrial(bad_files.session_file, 6),
    "folder is read-only": WindowTrial(bad_files.read_only, 5),
    "disk is full": WindowTrial(full_disk.window, 16),
    "clock is set": WindowTrial(clock.jump, 8),
    "two windows on one session": WindowTrial(two_windows.save_in_turns, 8),
}
