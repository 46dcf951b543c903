"""The server library, made to outlast its workers: none is missed when it goes.

- A worker's socket stays open when the worker is replaced, and the next one accepts there. The
  library would close it, and whoever waits at it would be reset. (One socket for all would leave
  nearly every connection to one of them.)
- SIGHUP: new workers come up first. Only once they serve do the old ones leave, and if one does
  not come up, the old ones stay.
- Who leaves says so with its last answers, for a while, before idle connections are closed.

Source:
    granian 2.8.7, ``granian/server/common.py`` and ``mp.py``: whatever begins with an underscore
    here is its own name, and tests/faults/test_process_life.py is what holds us to it.
"""

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from granian._granian import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

from otp_service.cli.standing import Stage, Standing, take_up

# In use, a connection has an answer in this time, and with it is told to close. Those that have
# none are closed without a word, as they are after their 30 s of idleness.
_FAREWELL = timedelta(seconds=5)
_COMES_UP_WITHIN = timedelta(seconds=60)
_LOOKS_EVERY = timedelta(milliseconds=50)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What SIGHUP has changed for the server itself; for workers, before they are forked.

    Args:
        ends_within_seconds: requests under way may take that long to end.
        take_back: undoes it, where no worker comes up with it.
    """

    drain: timedelta
    ends_within_seconds: int
    take_back: Callable[[], None]


class LastingServer(MPServer):
    """Serves until it is told to end.

    Args:
        drain: after a SIGTERM, how long to go on serving while saying that the service ends.
        renew: at SIGHUP, get ready for new workers; None given if the old ones are to stay.
        options: the library's own.
    """

    def __init__(
        self,
        target: str,
        *,
        drain: timedelta,
        renew: Callable[[], Renewed | None],
        **options: Any,
    ) -> None:
        super().__init__(target, **options)
        self._drain = drain
        self._renew = renew
        self._drains = False
        self._listeners: list[socket.socket] = []
        self._standings: WeakKeyDictionary[WorkerProcess, Standing] = WeakKeyDictionary()

    def signal_handler_interrupt(self, signum: int = 0, *_: Any) -> None:
        """End: at SIGTERM with the drain, at Ctrl-C or a second signal at once."""
        self._drains = signum == signal.SIGTERM and not self.interrupt_signal
        super().signal_handler_interrupt()

    def _init_shared_socket(self) -> None:
        if sys.platform == "linux":
            self._sso = None
            self._listeners = [self._bound() for _ in range(self.workers)]
        else:
            # The library shares one socket of its own there.
            super()._init_shared_socket()

    def _drop_shared_socket(self) -> None:
        for listener in self._listeners:
            listener.close()
        super()._drop_shared_socket()

    def _bound(self) -> socket.socket:
        """Give a socket that listens once a worker has it."""
        family = socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Accept no connection before its request comes: one on which nothing has come yet is closed
        # when its worker ends, though the request may be on its way.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        bound.bind((self.bind_addr, self.bind_port))
        return bound

    # The uppermost class has a parameter that nobody gives it.
    def _spawn_worker(  # type: ignore[override]
        self, idx: int, target: Any, callback_loader: Any
    ) -> WorkerProcess:
        standing = Standing()
        if self._listeners:
            # By file number, whether it is a path, length of the queue: its stub knows none.
            holder: Any = SocketHolder
            self._shd = holder(self._listeners[idx].fileno(), False, self.backlog)  # noqa: FBT003
        others = [each for each in self._listeners if each is not self._listeners[idx]]
        load = partial(_take_up, standing, others, callback_loader)
        worker = super()._spawn_worker(idx, target, load)
        self._standings[worker] = standing
        return worker

    def _respawn_workers(self, workers: list[int], *arguments: Any, **options: Any) -> None:
        """Replace workers that died; nobody is to wait at their sockets meanwhile.

        The library ends the server when a worker it has just replaced dies again. So it is to be
        where workers do not come up at all; but those that served are replaced however often.
        """
        for idx in workers if self._listeners else ():
            self._listeners[idx].close()
            self._listeners[idx] = self._bound()
        served = [
            idx for idx in workers if self._standings[self.wrks[idx]].stage is not Stage.LOADING
        ]
        super()._respawn_workers(workers, *arguments, **options)
        for idx in served:
            self.respawned_wrks.pop(idx, None)

    def _stop_workers(self) -> None:
        if self._drains:
            self.interrupt_signal = False
            self._see_off(self.wrks, Stage.ENDING, self._drain)
        super()._stop_workers()

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        self.reload_signal = False
        if (renewed := self._renew()) is not None:
            if fresh := self._fresh_workers(spawn_target, target_loader):
                self._replace(fresh)
                self._drain = renewed.drain
                self.workers_kill_timeout = renewed.ends_within_seconds
            else:
                renewed.take_back()
        self._look_round()

    def _fresh_workers(self, spawn_target: Any, target_loader: Any) -> list[WorkerProcess]:
        """Give workers that serve, as many as there are; none if one does not come up."""
        fresh: list[WorkerProcess] = []
        for idx in range(self.workers):
            worker = self._spawn_worker(idx, spawn_target, target_loader)
            # So that its end is no crash that brings up another one like it.
            worker.interrupt_by_parent = True
            worker.start()
            fresh.append(worker)
            if not self._has_come_up(worker):
                return self._given_up(fresh)
        for worker in fresh:
            worker.interrupt_by_parent = False
        # One that has died by now went unnoticed.
        return fresh if all(worker.is_alive() for worker in fresh) else self._given_up(fresh)

    def _given_up(self, fresh: list[WorkerProcess]) -> list[WorkerProcess]:
        _log.error("a new worker did not come up; the old ones go on")
        self._stop(fresh)
        return []

    def _has_come_up(self, worker: WorkerProcess) -> bool:
        last = time.monotonic() + _COMES_UP_WITHIN.total_seconds()
        while self._standings[worker].stage is Stage.LOADING:
            if not worker.is_alive() or time.monotonic() > last or self.interrupt_signal:
                return False
            time.sleep(_LOOKS_EVERY.total_seconds())
        return True

    def _replace(self, fresh: list[WorkerProcess]) -> None:
        leaving, self.wrks = self.wrks, fresh
        # Old ones that died meanwhile have been replaced with the others.
        for idx in [each for each in self.interrupt_children if fresh[each].is_alive()]:
            self.interrupt_children.remove(idx)
        _log.info("new workers serve; the old ones leave")
        self._see_off(leaving, Stage.LEAVING, max(self._drain, _FAREWELL))
        self._stop(leaving)

    def _see_off(self, workers: list[WorkerProcess], stage: Stage, within: timedelta) -> None:
        """Have workers say that they go, and wait; a signal to end cuts it short."""
        for worker in workers:
            worker.interrupt_by_parent = True
            self._standings[worker].reach(stage)
        last = time.monotonic() + within.total_seconds()
        while (left := last - time.monotonic()) > 0 and not self.interrupt_signal:
            self.main_loop_interrupt.clear()
            self.main_loop_interrupt.wait(min(left, 1))

    def _stop(self, workers: list[WorkerProcess]) -> None:
        """End workers that are not the server's any more, in its own way."""
        own, self.wrks = self.wrks, workers
        super()._stop_workers()
        self.wrks = own

    def _look_round(self) -> None:
        """Have the main loop look at what came meanwhile, and only then."""
        self.main_loop_interrupt.clear()
        if self.interrupt_signal or self.reload_signal or self.interrupt_children:
            self.main_loop_interrupt.set()


def _take_up(standing: Standing, others: list[socket.socket], load: Callable[[], Any]) -> Any:
    """Begin a worker: at sockets of others nobody is to wait for it."""
    for each in others:
        each.close()
    return take_up(standing, load)


def nothing_to_renew() -> None:
    """Stand for a renewal where workers hold everything in their memory."""
    _log.warning("SIGHUP changes nothing here")
