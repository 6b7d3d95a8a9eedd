"""The spine's pure parts: envelope, correlation, seals, settings, chain, versions, problems."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from starlette.requests import Request

from contracts.deadlines.events import ObjectionDecided
from contracts.envelope import NO_PREVIOUS, CloudEvent, EventData, digest_of, owner_of, parse_document
from contracts.registry import UnknownEvent, read_event
from servicekit.audit import broken_links
from servicekit.auth import Actor
from servicekit.clock import ClockMovedBack, SimulatedClock
from servicekit.correlation import correlated, correlation_id, traceparent
from servicekit.crypto import Sealer, Unsealable
from servicekit.event_log import append
from servicekit.problems import Finding, Forbidden, PreconditionFailed, PreconditionRequired, Refused
from servicekit.settings import ServiceSettings
from servicekit.writes import Write, check_version

AT = datetime(2024, 9, 12, 16, tzinfo=UTC)


def an_event(version: int = 1, previous: str = NO_PREVIOUS, **changes: Any) -> CloudEvent[Any]:
    data = ObjectionDecided(violation_id=UUID(int=2), rule="a", clause="1", outcome="upheld", decided_at=AT)
    fields = {
        "id": UUID(int=version), "source": "/services/deadlines", "type": data.TYPE, "subject": "violation/2",
        "time": AT, "jurisdiction": "640402", "campaign": UUID(int=9), "aggregateid": "violation/2",
        "aggregateversion": version, "previousdigest": previous, "correlationid": "c" * 8, "traceparent": "t",
        "data": data,
    }  # fmt: skip
    return CloudEvent[Any](**{**fields, **changes})


# 信封


def test_a_digest_does_not_depend_on_the_order_of_keys_or_the_offset_of_a_time() -> None:
    document = an_event().document()
    assert digest_of(dict(reversed(document.items()))) == digest_of(document)
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    assert an_event(time=beijing).digest() == an_event().digest()


def test_a_digest_changes_with_any_field() -> None:
    digests = {an_event(**change).digest() for change in (
        {}, {"department": "11640402MB0T000012"}, {"activityid": UUID(int=4)}, {"time": AT + timedelta(microseconds=1)},
        {"correlationid": "other-one"}, {"jurisdiction": "640403"},
    )}  # fmt: skip
    assert len(digests) == 6


def test_what_is_on_the_wire_reads_back_and_leaves_absent_attributes_out() -> None:
    event = an_event()
    document = parse_document(event.wire())
    assert "department" not in document
    assert "activityid" not in document
    assert document["time"] == "2024-09-12T16:00:00Z"
    assert read_event(document).document() == document
    assert event.wire().startswith(b'{"aggregateid"'), "RFC 8785 sorts"


def test_what_is_not_an_event_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        parse_document(b"[]")
    with pytest.raises(UnknownEvent):
        read_event({"type": "events.nobody.said-this.v1"})
    with pytest.raises(UnknownEvent):
        read_event({"type": ["a list"]})
    with pytest.raises(ValidationError):
        read_event({**an_event().document(), "time": "2024-09-12T16:00:00"})
    with pytest.raises(ValidationError):
        read_event({**an_event().document(), "aggregateversion": 0})


@pytest.mark.parametrize("kind", ["events.plans.Filed.v1", "plans.filed.v1", "events.plans.filed", "events.p1.x.v0"])
def test_a_misnamed_event_cannot_be_declared(kind: str) -> None:
    with pytest.raises(TypeError, match="must read"):
        type("Misnamed", (EventData,), {"TYPE": kind, "__annotations__": {"TYPE": ClassVar[str]}})
    with pytest.raises(ValueError, match="not an event type"):
        owner_of(kind)


# 链


def a_chain(length: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    previous = NO_PREVIOUS
    for version in range(1, length + 1):
        event = an_event(version, previous)
        previous = event.digest()
        entries.append({"event": event.document(), "digest": previous})
    return entries


def test_a_whole_chain_has_no_faults() -> None:
    assert broken_links(a_chain(4)) == []
    assert broken_links([]) == []


def test_each_way_of_breaking_a_chain_is_named() -> None:
    changed = a_chain(3)
    changed[1]["event"]["correlationid"] = "another-one"
    assert any("event 2: its text" in fault for fault in broken_links(changed))
    missing = [entry for position, entry in enumerate(a_chain(3)) if position != 1]
    assert any("carries version 3" in fault for fault in broken_links(missing))
    headless = a_chain(3)[1:]
    assert any("as the one before" in fault for fault in broken_links(headless))


async def test_an_event_takes_the_next_version_and_the_digest_before_it() -> None:
    class Log:
        """A connection that has one event of the aggregate."""

        written: tuple[Any, ...] = ()

        async def fetchrow(self, _sql: str, aggregate: str) -> dict[str, Any]:
            assert aggregate == f"violation/{UUID(int=2)}"
            return {"aggregate_version": 4, "digest": "ab" * 32}

        async def execute(self, _sql: str, *values: Any) -> None:
            self.written = values

    log: Any = Log()
    with correlated("from-a-request", None):
        event = await append(
            log, an_event().data, aggregate=UUID(int=2), at=AT, jurisdiction="640402", campaign=UUID(int=9)
        )
    assert (event.aggregateversion, event.previousdigest) == (5, "ab" * 32)
    assert event.correlationid == "from-a-request"
    assert log.written[4] == digest_of(log.written[6])


# 关联


def test_a_well_formed_correlation_is_kept_and_another_replaced() -> None:
    with correlated("a-front-end-s-id", None) as chosen:
        assert chosen == correlation_id() == "a-front-end-s-id"
    for bad in (None, "", "short", "x" * 65, "with space in", "line\nbreak-in-it", "中文中文中文中文"):
        with correlated(bad, None) as chosen:
            assert chosen == correlation_id() != bad
            assert len(chosen) == 32


def test_a_trace_goes_on_with_a_new_span() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    with correlated(None, trace):
        first, second = traceparent(), traceparent()
    assert first != second
    for child in (first, second):
        assert child.startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert child.endswith("-00")
        assert "b7ad6b7169203331" not in child
    with correlated(None, "00-nonsense"):
        assert "nonsense" not in traceparent()


def test_correlations_nest() -> None:
    with correlated("the-outer-one", None):
        with correlated("the-inner-one", None):
            assert correlation_id() == "the-inner-one"
        assert correlation_id() == "the-outer-one"
    assert correlation_id() != "the-outer-one"


# 加密


def ring(current: str = "k2", *names: str) -> Sealer:
    return Sealer(current, {name: (name * 32)[:32].encode() for name in names or ("k1", "k2")})


def test_a_sealed_value_opens_only_at_its_place_with_its_key() -> None:
    sealed = ring().seal("张三 13900000000", place="contacts/1/phone")
    assert "139" not in sealed
    assert ring().open(sealed, place="contacts/1/phone") == "张三 13900000000"
    with pytest.raises(Unsealable):
        ring().open(sealed, place="contacts/2/phone")
    with pytest.raises(Unsealable, match="no key"):
        ring("k1", "k1").open(sealed, place="contacts/1/phone")
    assert ring().seal("same", place="p") != ring().seal("same", place="p")


def test_an_old_key_still_opens_after_rotation() -> None:
    old = ring("k1", "k1").seal("kept", place="p")
    assert old.startswith("k1.")
    assert ring("k2").open(old, place="p") == "kept"
    assert ring("k2").seal("new", place="p").startswith("k2.")


@pytest.mark.parametrize("change", [-1, 5, 20])
def test_a_damaged_value_does_not_open(change: int) -> None:
    name, _, body = ring().seal("whole", place="p").partition(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[change] ^= 1
    with pytest.raises(Unsealable):
        ring().open(f"{name}.{base64.urlsafe_b64encode(bytes(raw)).decode()}", place="p")


@pytest.mark.parametrize("sealed", ["", "k1", "k1.", "k1.!!!", "k1.AAAA", "nonsense.AAAA"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(Unsealable):
        ring().open(sealed, place="p")


def test_a_ring_is_read_from_a_file_and_needs_its_current_key(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = base64.b64encode(b"k" * 32).decode()
    file.write_text(json.dumps({"current": "a", "keys": {"a": key}}))
    sealer = Sealer.from_file(file)
    assert sealer.open(sealer.seal("x", place="p"), place="p") == "x"
    file.write_text(json.dumps({"current": "b", "keys": {"a": key}}))
    with pytest.raises(ValueError, match="'b' is not in the ring"):
        Sealer.from_file(file)
    file.write_text(json.dumps({"current": "a.b", "keys": {"a.b": key}}))
    with pytest.raises(ValueError, match=r"rename a\.b"):
        Sealer.from_file(file)


# 设置


def settings(**chosen: Any) -> ServiceSettings:
    required: dict[str, Any] = {
        "database_url": "postgresql://x:s3cret@h/d", "nats_url": "nats://h", "nats_user": "u",
        "nats_password": "s3cret", "auth_issuer": "https://i", "auth_jwks": "/jwks",
    }  # fmt: skip
    return ServiceSettings(**{**required, **chosen})


def test_a_real_deployment_is_what_one_gets_without_saying() -> None:
    assert (settings().deployment, settings().clock) == ("production", "system")
    with pytest.raises(ValidationError, match="refuses the simulated clock"):
        settings(clock="simulated", simulated_start=AT)
    assert settings(clock="simulated", simulated_start=AT, deployment="rehearsal").start == AT
    with pytest.raises(ValidationError, match="SIMULATED_START"):
        settings(clock="simulated", deployment="rehearsal")
    with pytest.raises(ValidationError):
        settings(clock="simulated", deployment="rehearsal", simulated_start="2024-08-14T09:00:00")


def test_settings_do_not_show_their_secrets() -> None:
    assert "s3cret" not in repr(settings()) + str(settings().model_dump())


def test_the_simulated_clock_only_moves_forward() -> None:
    clock = SimulatedClock(AT)
    clock.move_to(AT)
    clock.move_to(AT + timedelta(hours=1))
    with pytest.raises(ClockMovedBack):
        clock.move_to(AT)
    assert clock.now() == AT + timedelta(hours=1)
    assert clock.now().tzinfo is UTC


# 请求


def a_write(if_match: str | None) -> Write:
    headers = [] if if_match is None else [(b"if-match", if_match.encode("latin-1"))]
    scope = {
        "type": "http", "method": "PUT", "path": "/x", "query_string": b"", "headers": headers, "server": ("h", 80),
    }  # fmt: skip
    nobody = Actor("s", frozenset(), None, None)
    service: Any = None
    return Write(service, Request(scope), nobody, b"")


@pytest.mark.parametrize(("header", "version"), [(None, None), ("*", None), ('"3"', 3), ('W/"3"', 3), ("3", 3)])
def test_if_match_names_a_version(header: str | None, version: int | None) -> None:
    assert a_write(header).expected_version == version
    if version is None:
        with pytest.raises(PreconditionRequired):
            a_write(header).require_version()
    else:
        assert a_write(header).require_version() == version


@pytest.mark.parametrize("header", ['"abc"', '"-1"', '"1", "2"', '"²"', "", "9" * 5_000])
def test_an_etag_that_is_not_ours_is_refused(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        _ = a_write(header).expected_version


def test_versions_must_agree_where_one_is_named() -> None:
    check_version(None, 7)
    check_version(7, 7)
    with pytest.raises(PreconditionFailed, match="7"):
        check_version(6, 7)


def test_a_role_is_needed() -> None:
    actor = Actor("s", frozenset({"office", "auditor"}), None, None)
    actor.require("ops", "auditor")
    with pytest.raises(Forbidden, match="ops / frontend"):
        actor.require("ops", "frontend")


def test_a_problem_leaves_out_what_it_does_not_have() -> None:
    class Teapot(Refused):
        code, status, title, fix, clause = "teapot", 418, "茶壶", "换咖啡壶", "9.9"

    plain = Teapot("不会煮咖啡").problem("/pots/1", None)
    assert plain == {
        "type": "urn:openday:problem:teapot", "title": "茶壶", "status": 418, "code": "teapot",
        "detail": "不会煮咖啡", "clause": "9.9", "fix": "换咖啡壶", "instance": "/pots/1", "errors": [],
    }  # fmt: skip
    said = Teapot("x", clause="1.1", fix="别的", errors=[Finding(code="c", detail="d")]).problem(None, str(uuid4()))
    assert (said["clause"], said["fix"], said["errors"]) == ("1.1", "别的", [{"code": "c", "detail": "d"}])
