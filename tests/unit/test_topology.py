"""The topology as data: complete, consistent, and no wider than what a service needs."""

import json
import re

import pytest

from contracts import topology
from contracts.registry import EVENTS
from contracts.topology import CONSUMERS, DEAD_LETTERS, QUERIES, SERVICES, STREAMS, consumers_of, rights, streams_of

NAMES = [service.name for service in SERVICES]


def _matches(pattern: str, subject: str) -> bool:
    """NATS subject matching: `*` is one whole token, `>` one or more at the end."""
    wanted, given = pattern.split("."), subject.split(".")
    for position, token in enumerate(wanted):
        if token == ">":
            return len(given) > position
        if position >= len(given) or token not in ("*", given[position]):
            return False
    return len(wanted) == len(given)


def _may_publish(service: str, subject: str) -> bool:
    return any(_matches(pattern, subject) for pattern in rights(service).publish)


def test_every_event_of_the_language_is_kept_by_exactly_one_stream() -> None:
    for kind in EVENTS:
        keepers = [stream.name for stream in STREAMS if any(_matches(s, kind) for s in stream.subjects)]
        assert len(keepers) == 1, f"{kind} is kept by {keepers}"


def test_streams_keep_a_campaign_and_sixty_days() -> None:
    season = 366 * 24 * 3600
    for stream in STREAMS:
        assert stream.max_age_seconds >= season
        assert stream.append_only == (stream.name != DEAD_LETTERS)


def test_a_service_hears_only_what_is_said_and_never_itself() -> None:
    for service in SERVICES:
        assert set(service.hears) <= set(NAMES) - {service.name}
        assert all(subject.split(".")[1] in NAMES for subject in service.asks)


def test_names_are_unique_and_fit_the_bus() -> None:
    durables = [consumer.name for consumer in CONSUMERS]
    assert len(set(durables)) == len(durables)
    for name in (*durables, *NAMES, *(stream.name for stream in STREAMS)):
        assert re.fullmatch(r"[A-Za-z_-]+", name), name
    for query in QUERIES:
        assert re.fullmatch(r"queries\.[a-z]+\.[a-z-]+\.v[1-9]", query.subject)


def test_a_service_needs_its_own_stream_those_it_hears_and_the_dead_letters() -> None:
    assert streams_of("notifications") == (
        "EVENTS_NOTIFICATIONS",
        "EVENTS_PLANS",
        "EVENTS_REGISTRATION",
        "EVENTS_FEEDBACK",
        "EVENTS_DEADLINES",
        "DEAD",
    )
    assert [consumer.name for consumer in consumers_of("notifications")] == [
        "notifications-plans",
        "notifications-registration",
        "notifications-feedback",
        "notifications-deadlines",
    ]


@pytest.mark.parametrize("service", NAMES)
def test_only_ones_own_events_may_be_published(service: str) -> None:
    for kind in EVENTS:
        assert _may_publish(service, kind) == (kind.split(".")[1] == service), kind


@pytest.mark.parametrize("service", NAMES)
def test_only_ones_own_consumers_may_be_pulled_acknowledged_and_buried(service: str) -> None:
    for consumer in CONSUMERS:
        own = consumer.service == service
        for subject in (
            f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.name}",
            f"$JS.ACK.{consumer.stream}.{consumer.name}.1.2.3.4.5",
            f"dead.{consumer.name}.events.{consumer.owner}.x.v1",
        ):
            assert _may_publish(service, subject) == own, subject


@pytest.mark.parametrize("service", NAMES)
def test_nobody_but_ops_manages_the_bus(service: str) -> None:
    for stream in (stream.name for stream in STREAMS):
        for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE", "SNAPSHOT"):
            assert not _may_publish(service, f"$JS.API.STREAM.{verb}.{stream}")
        assert not _may_publish(service, f"$JS.API.CONSUMER.CREATE.{stream}.x")
        assert not _may_publish(service, f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.x")
        assert not _may_publish(service, f"$JS.API.DIRECT.GET.{stream}")
    for pattern in rights(service).publish:
        assert "*" not in pattern
        assert not pattern.startswith(">")


@pytest.mark.parametrize("service", NAMES)
def test_nobody_listens_beside_the_streams(service: str) -> None:
    assert rights(service).subscribe == (f"_INBOX_{service}.>", f"queries.{service}.>")


def test_only_the_services_named_may_ask() -> None:
    for query in QUERIES:
        for service in NAMES:
            assert _may_publish(service, query.subject) == (service in query.asked_by)


def test_it_prints_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert topology.main(["--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [stream["name"] for stream in printed["streams"]] == [stream.name for stream in STREAMS]
    assert set(printed["rights"]) == set(NAMES)
    assert topology.main([]) == 0
    assert "Durable consumers" in capsys.readouterr().out


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(KeyError, match="payroll"):
        consumers_of("payroll")
