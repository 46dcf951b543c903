"""One number as the store knows it: shown, unlocked, erased.

Its keys are looked for among all of the store's. So nothing that a verification, an application or
another version of the service has left is overlooked, and it takes a while in a large store.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from otp_service.domain.application import Application
from otp_service.domain.audit import (
    BudgetStanding,
    Decision,
    Entry,
    Erased,
    NumberFile,
    Owner,
    Standing,
)
from otp_service.domain.identity import IdScheme
from otp_service.domain.limits import Charge, NumberBudgets
from otp_service.domain.test_number import as_met_by, named_fixed_pin
from otp_service.domain.verification import Verification
from otp_service.ports import Journal
from otp_service.redis_store.budget_text import budget_text
from otp_service.redis_store.connection import Connection
from otp_service.redis_store.key_names import (
    EVERY_CLAIM,
    EVERY_MESSAGE,
    charge_name,
    every_key_of,
    log_key_of,
    message_key,
    name_within,
    refusal_key,
    timeline_key,
)
from otp_service.redis_store.message import is_about, moments_told, with_receipt
from otp_service.redis_store.operations import Operations
from otp_service.redis_store.record import decode, moment
from otp_service.redis_store.timeline import KEPT, audit_text, read_entry

_RECORD, _OWNERS = "v", "o"
# What counts against a number, by application: its log, and counters of budgets with windows.
_COUNTERS = frozenset({"n", "b"})
# Keys asked for in one go: on a cluster one after the other, all within one call's time-outs, so
# in time there at 10 ms each.
_BATCH = 100


class NumberFiles:
    """Shows, unlocks and erases one number, over all applications.

    Numbers are in E.164 with their plus sign.

    Args:
        applications: by their ids.
        audit_kept: how long a number's timeline remembers; zero for keeping none.

    Raises:
        StoreUnavailable: from every operation, when Redis did not answer; some of it may be done.
    """

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        ids: IdScheme,
        *,
        applications: Mapping[str, Application],
        audit_kept: timedelta = KEPT,
    ) -> None:
        self._operations = Operations(connection, journal, scripts=("weigh", "unlock"))
        self._ids = ids
        self._applications = applications
        self._audit_kept = audit_kept

    def read(self, phone: str) -> NumberFile:
        """Give everything that is known of a number, as it stands."""
        tag = self._ids.number_tag(phone)
        keys = self._keys_of(tag)
        now, standings = self._weighed(tag)
        lines, left_ms = self._operations.ask(
            "read_timeline",
            [("LRANGE", timeline_key(tag), 0, -1), ("PTTL", refusal_key(tag))],
        )
        entries = [entry for line in lines if (entry := read_entry(line))]
        recent = [entry for entry in entries if now - entry.at < self._audit_kept]
        verifications = self._verifications(tag, keys, now)
        receipts = self._receipts(recent, verifications)
        return NumberFile(
            read_at=now,
            entries=tuple(_merged(recent, receipts)),
            standings=tuple(standings),
            verifications={
                charge_name(each.id): _with_receipts(each, receipts) for each in verifications
            },
            owners=tuple(self._owners(keys)),
            viber_refuses_for=timedelta(milliseconds=left_ms) if left_ms > 0 else None,
            unreadable=len(lines) - len(entries),
        )

    def unlock(self, phone: str, application_ids: Iterable[str]) -> int:
        """Lift what these applications have charged to a number, and tell its timeline of each.

        Returns:
            How many counters were lifted.
        """
        tag = self._ids.number_tag(phone)
        keys = self._keys_of(tag)
        lifted = 0
        for application_id in application_ids:
            own = [key for key in keys if _application_of(key, _COUNTERS) == application_id]
            if own:
                audited = audit_text(self._audit_kept, application_id)
                _, count = self._operations.run("unlock", [*own, timeline_key(tag)], [audited])
                lifted += count
        return lifted

    def forget(self, phone: str) -> Erased:
        """Erase a number: every key of it, and what leads or tells of it from other slots.

        That is what the provider told of messages to it, and claims of Idempotency-Keys of starts.
        """
        tag = self._ids.number_tag(phone)
        # Its own keys first: with them every verification of it ends.
        number_keys = self._erase(self._keys_of(tag))
        number_keys += self._erase(list(self._linked("find_claims", EVERY_CLAIM, tag)))
        messages = list(self._linked("find_messages", EVERY_MESSAGE, tag))
        return Erased(number_keys, message_keys=self._erase(messages))

    def _erase(self, keys: Sequence[str]) -> int:
        return sum(
            answer
            for batch in _batches(keys)
            for answer in self._operations.ask("forget", [("DEL", key) for key in batch])
        )

    def _keys_of(self, tag: str) -> list[str]:
        return self._operations.find("find_number", every_key_of(tag))

    def _linked(self, operation: str, pattern: str, tag: str) -> Iterator[str]:
        """Find the keys in slots of their own whose link leads to a verification of a number.

        They may outlive the records that they lead to.
        """
        for batch in _batches(self._operations.find(operation, pattern)):
            links = self._operations.ask("read_links", [("HGET", key, "l") for key in batch])
            for key, link in zip(batch, links, strict=True):
                if is_about(link, tag):
                    yield key

    def _weighed(self, tag: str) -> tuple[datetime, list[Standing]]:
        """Give the store's moment, and what each log says in the order of the settings.

        Every application's log is asked, be it there or not: one at least gives the moment.
        """
        applications = [self._as_met(each, tag) for each in self._applications.values()]
        texts = [budget_text(each.budgets) for each in applications]
        answers = self._operations.run_together(
            "weigh",
            *(
                ("weigh", [log_key_of(tag, each.id)], [text.sliding, text.guesses])
                for each, text in zip(applications, texts, strict=True)
            ),
        )
        standings = [
            Standing(application.id, _standings(application.budgets, figures), _owner_in(account))
            for application, (_, _, *accounts) in zip(applications, answers, strict=True)
            for account, figures in zip(accounts[::2], accounts[1::2], strict=True)
        ]
        return moment(int(answers[0][1])), [each for each in standings if each.is_used]

    @staticmethod
    def _as_met(application: Application, tag: str) -> Application:
        """Give an application with the budgets that a test number has besides the others."""
        pin = named_fixed_pin(application, tag)
        if pin is None:
            return application
        budgets, own = application.budgets, as_met_by(application, pin).budgets
        both = replace(budgets, sliding=(*budgets.sliding, *own.sliding))
        return replace(application, budgets=both)

    def _owners(self, keys: Sequence[str]) -> Iterator[Owner]:
        own = [key for key in keys if _application_of(key, {_OWNERS})]
        answers = self._operations.ask("read_owners", [("ZRANGE", key, 0, -1) for key in own])
        pairs = [
            (key, address)
            for key, addresses in zip(own, answers, strict=True)
            for address in addresses
        ]
        scores = self._operations.ask("read_owners", [("ZSCORE", *pair) for pair in pairs])
        for (key, address), at_ms in zip(pairs, scores, strict=True):
            # It may have ended since it was found.
            if at_ms is not None:
                verified_at = moment(int(at_ms))
                yield Owner(_application_of(key, {_OWNERS}), address.decode(), verified_at)

    def _verifications(self, tag: str, keys: Sequence[str], now: datetime) -> list[Verification]:
        records = [key for key in keys if name_within(key).startswith(f"{_RECORD}:")]
        answers = self._operations.ask("read_records", [("HGETALL", key) for key in records])
        now_ms = str(round(now.timestamp() * 1000)).encode()
        found = [
            decode(
                self._ids.join(name_within(key).partition(":")[2], tag),
                now_ms,
                [part for field in fields.items() for part in field],
            )
            for key, fields in zip(records, answers, strict=True)
            # It may have ended since it was found.
            if fields
        ]
        return sorted(found, key=lambda each: each.deliveries[0].sent_at)

    def _receipts(
        self, entries: Sequence[Entry], verifications: Sequence[Verification]
    ) -> dict[str, dict[bytes, bytes]]:
        """Give what the provider told of each message, by its id of the message."""
        told = [delivery.request_id for each in verifications for delivery in each.deliveries]
        taken = [entry.request_id for entry in entries]
        asked = list(dict.fromkeys(each for each in [*told, *taken] if each))
        answers = self._operations.ask(
            "read_messages", [("HGETALL", message_key(each)) for each in asked]
        )
        return dict(zip(asked, answers, strict=True))


def _application_of(key: str, kinds: Collection[str]) -> str:
    """Give the application that a key of one of these kinds belongs to; empty for other kinds."""
    kind, _, rest = name_within(key).partition(":")
    return rest.partition(":")[0] if kind in kinds else ""


def _owner_in(account: bytes) -> str | None:
    return account.decode().rstrip(":") or None


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]


def _standings(budgets: NumberBudgets, figures: Sequence[int]) -> tuple[BudgetStanding, ...]:
    guesses = budgets.guesses
    rows = [(each.name, each.charge, each.limit, each.window) for each in budgets.sliding]
    rows.append((guesses.name, Charge.WRONG_GUESS, guesses.limit, guesses.window))
    pairs = zip(figures[::2], figures[1::2], strict=True)
    return tuple(
        BudgetStanding(*row[:2], used, *row[2:], timedelta(milliseconds=wait_ms))
        for row, (used, wait_ms) in zip(rows, pairs, strict=True)
    )


def _with_receipts(
    verification: Verification, receipts: Mapping[str, Mapping[bytes, bytes]]
) -> Verification:
    return verification.with_deliveries(
        tuple(
            with_receipt(delivery, receipts.get(delivery.request_id or "", {}))
            for delivery in verification.deliveries
        )
    )


def _merged(entries: Sequence[Entry], receipts: Mapping[str, Mapping[bytes, bytes]]) -> list[Entry]:
    """Give the timeline with what receipts told of its messages, oldest first."""
    told = [
        receipt
        for entry in entries
        if entry.request_id is not None
        for receipt in _told(entry, receipts[entry.request_id])
    ]
    return sorted([*entries, *told], key=lambda entry: entry.at)


def _told(entry: Entry, fields: Mapping[bytes, bytes]) -> Iterator[Entry]:
    for state, at in moments_told(fields).items():
        yield replace(entry, at=at, decision=Decision.RECEIPT, state=state)
