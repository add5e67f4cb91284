"""Who does the work of a survey, as the command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gridsal_core.errors import SettingsError

if TYPE_CHECKING:
    from gridsal_core.cli.job import NetworkOptions
    from gridsal_core.network import SegmentationNetwork
    from gridsal_core.survey.data import Data
    from gridsal_core.survey.hands import Hands
    from gridsal_core.survey.ledger import Ledger

ENGINES: Final = ("local", "ray")
MOST_JOBS: Final = 1024


@dataclass(frozen=True)
class HandsOptions:
    """The options --jobs, --engine, --address and --store."""

    jobs: int | None = None
    engine: str = "local"
    address: str | None = None
    store: str | None = None

    def check(self) -> None:
        """Raise SettingsError, or DeviceError if Ray is missing, before anything is opened."""
        if self.engine not in ENGINES:
            raise SettingsError(f"The engine {self.engine!r} is unknown; give local or ray.")
        if self.jobs is not None and not 1 <= self.jobs <= MOST_JOBS:
            raise SettingsError(f"--jobs is {self.jobs}; give 1 to {MOST_JOBS:,}.")
        if self.engine == "local" and (self.address is not None or self.store is not None):
            raise SettingsError("--address and --store belong to --engine ray; give that as well.")
        if self.engine == "ray":
            from gridsal_core.survey.cluster import check_ray

            check_ray()

    def hands(
        self,
        options: NetworkOptions,
        network: SegmentationNetwork,
        data: Data,
        ledger: Ledger,
    ) -> Hands | None:
        """Return who does the work of a survey; None is this process alone.

        Parameters
        ----------
        options, network
            How the network is opened elsewhere, and the one that is open here.
        data, ledger
            Of the survey.

        Raises
        ------
        OutputError
            If the store cannot be used.
        """
        from gridsal_core.survey.begin import first_size
        from gridsal_core.survey.hands import side_by_side, usual_jobs

        survey = ledger.survey
        if self.engine == "local":
            jobs = self.jobs or usual_jobs(network, survey, first_size(data))
            if jobs == 1:
                return None
            opening = options.once_more(str(network.device))
            return side_by_side(opening, survey, data.elsewhere, jobs)
        from gridsal_core.survey.cluster import Cluster, collect
        from gridsal_core.survey.parts import Parts

        # Workers have another current folder.
        store = self.store or str(ledger.folder / "parts")
        store = store if "://" in store else str(Path(store).absolute())
        collect(ledger, Parts(store, survey))
        gpu = network.device.type == "cuda" or options.device == "cuda"
        opening = options.once_more("cuda" if gpu else "cpu")
        cluster = Cluster(self.address, self.jobs, gpu)
        return cluster.hands(opening, survey, data.elsewhere, store)
