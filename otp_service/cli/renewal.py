"""New settings for a running service."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from otp_service.cli import worker
from otp_service.cli.lasting_server import Renewed
from otp_service.settings import Settings, SettingsError, holding, load_settings
from otp_service.settings.model import variable

# What the server itself was begun with. Its workers are to be of one mind with it.
_FIXED = ("host", "port", "workers")

_log = logging.getLogger(__name__)


@dataclass
class Renewal:
    """Reads the sources of the settings again, for workers to come.

    Args:
        current: the settings that are served with.
        ends_within_seconds: tells, of settings, how long requests under way may take to end.
    """

    current: Settings
    ends_within_seconds: Callable[[Settings], int]

    def __call__(self) -> Renewed | None:
        """Take new settings; None if they are wrong or cannot be taken, with the reason logged."""
        fixed = {name: getattr(self.current, name) for name in _FIXED}
        try:
            given = load_settings()
            new = holding(given, fixed)
        except SettingsError as error:
            for problem in error.problems:
                _log.error("the old settings stay: %s", problem)
            return None
        if self.current.has_embedded_store or new.has_embedded_store:
            _log.error("the old settings stay: new workers would not have the embedded store")
            return None
        for name, value in fixed.items():
            if getattr(given, name) != value:
                _log.warning("%s: a new value takes a restart", variable(name))
        before, self.current = self.current, new
        worker.serve_service_with(new)
        _log.info("new settings: workers come up with them")
        return Renewed(
            drain=timedelta(seconds=new.drain_seconds),
            ends_within_seconds=self.ends_within_seconds(new),
            take_back=partial(self._take_back, before),
        )

    def _take_back(self, before: Settings) -> None:
        self.current = before
        worker.serve_service_with(before)
