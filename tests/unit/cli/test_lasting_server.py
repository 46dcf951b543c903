"""Workers that die just while others come up in their place."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from granian.constants import Interfaces

from otp_service.cli.lasting_server import LastingServer, Renewed
from otp_service.cli.standing import Stage, Standing


class FakeWorker:
    """A worker that serves as soon as it is begun."""

    def __init__(self, idx: int) -> None:
        self.idx = idx
        self.interrupt_by_parent = False
        self.is_up = False

    def start(self) -> None:
        self.is_up = True

    def is_alive(self) -> bool:
        return self.is_up

    def terminate(self) -> None:
        self.interrupt_by_parent = True
        self.is_up = False

    def join(self, timeout: float | None = None) -> None:
        pass


class Server(LastingServer):
    """Two workers, and nothing of what a server has beside them."""

    def __init__(self) -> None:
        self.taken_back = 0
        self.when_begun: Callable[[], object] = lambda: None
        self.when_replaced: Callable[[], object] = lambda: None
        super().__init__(
            "nothing:to_load",
            drain=timedelta(),
            renew=lambda: Renewed(timedelta(), 1, self._note_take_back),
            interface=Interfaces.WSGI,
            workers=2,
        )
        self.begun: list[Any] = []
        self.old: list[Any] = [self._spawn_worker(idx, None, None) for idx in range(2)]
        for worker in self.old:
            worker.start()
        self.wrks = list(self.old)
        self.begun.clear()

    def _note_take_back(self) -> None:
        self.taken_back += 1

    def _spawn_worker(  # type: ignore[override]
        self, idx: int, target: Any, callback_loader: Any
    ) -> Any:
        self.when_begun()
        worker: Any = FakeWorker(idx)
        standing = self._standings[worker] = Standing()
        standing.reach(Stage.SERVING)
        self.begun.append(worker)
        return worker

    def _see_off(self, *_: Any) -> None:
        self.when_replaced()

    def notice(self, worker: Any) -> None:
        """Do as the library's watcher of a worker that has died."""
        worker.is_up = False
        if not worker.interrupt_by_parent:
            self.interrupt_children.append(worker.idx)
            self.main_loop_interrupt.set()

    def renew(self) -> None:
        self._reload(None, None)


@pytest.fixture
def server() -> Server:
    return Server()


def test_new_workers_take_over(server: Server) -> None:
    server.renew()

    assert server.wrks == server.begun
    assert [worker.is_up for worker in server.old + server.begun] == [False] * 2 + [True] * 2
    assert not server.main_loop_interrupt.is_set()


def test_new_worker_that_dies_before_the_others_are_up_takes_over_nothing(server: Server) -> None:
    server.when_begun = lambda: list(map(server.notice, server.begun))

    server.renew()

    assert server.wrks == server.old
    assert [worker.is_up for worker in server.old] == [True] * 2
    assert [worker.is_up for worker in server.begun] == [False] * 2
    assert server.taken_back == 1


def test_new_worker_that_dies_while_the_old_ones_leave_is_replaced(server: Server) -> None:
    server.when_replaced = lambda: server.notice(server.begun[1])

    server.renew()

    assert server.interrupt_children == [1]
    assert server.main_loop_interrupt.is_set()


def test_new_worker_that_dies_as_it_takes_over_is_replaced(server: Server) -> None:
    replace = server._replace

    def replaced(fresh: list[Any]) -> None:
        server.notice(fresh[1])
        replace(fresh)

    server._replace = replaced  # type: ignore[method-assign]

    server.renew()

    assert server.interrupt_children == [1]
    assert server.main_loop_interrupt.is_set()


def test_old_worker_that_dies_while_others_come_up_is_replaced_by_them(server: Server) -> None:
    server.when_begun = lambda: server.notice(server.old[0]) if server.old[0].is_up else None

    server.renew()

    assert server.wrks == server.begun
    assert server.interrupt_children == []
    assert not server.main_loop_interrupt.is_set()


@pytest.mark.parametrize(
    ("stage", "is_held_against_it"), [(Stage.SERVING, False), (Stage.LOADING, True)]
)
def test_death_is_held_against_a_worker_that_never_served(
    server: Server, stage: Stage, *, is_held_against_it: bool
) -> None:
    dead = server.old[1]
    dead.is_up = False
    server._standings[dead] = Standing()
    server._standings[dead].reach(stage)

    server._respawn_workers([1], None, None)

    assert server.wrks == [server.old[0], server.begun[0]]
    assert (1 in server.respawned_wrks) is is_held_against_it
