"""The published language: recorded schemas, examples, names, and what an event must never carry."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from contracts.envelope import CloudEvent, EventData, digest_of, owner_of
from contracts.registry import EVENTS, UnknownEvent, read_event
from contracts.schemas.__main__ import differences, schema_of

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def _example(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    return document


def test_schemas_and_examples_are_recorded() -> None:
    assert differences() == []


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_the_example_fits_its_recorded_schema(kind: str) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    document = _example(kind)
    validator.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**document, "type": "events.plans.something-else.v1"})


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_an_unknown_field_passes_and_a_missing_one_does_not(kind: str) -> None:
    document = _example(kind)
    newer = {**document, "extension": "x", "data": {**document["data"], "added_later": 1}}
    assert read_event(newer).document() == document
    with pytest.raises(ValidationError):
        read_event({key: value for key, value in document.items() if key != "correlationid"})
    with pytest.raises(ValidationError):
        read_event({**document, "data": {}})


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_cloudevents_names_are_kept(kind: str) -> None:
    document = _example(kind)
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in document)
    assert None not in document.values()
    assert document["subject"] == document["aggregateid"]
    assert kind.isascii()


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_no_personal_data_and_no_free_text(kind: str) -> None:
    """Contacts are asked for when a message is sent; they never travel."""
    fields = _field_names(EVENTS[kind].model_json_schema())
    assert fields.isdisjoint(
        {"phone", "email", "mail", "contact", "contacts", "address", "text", "comment", "comments"}
    )


def _field_names(schema: dict[str, Any]) -> set[str]:
    names = set(schema.get("properties", {}))
    for part in schema.get("$defs", {}).values():
        names |= _field_names(part)
    return names


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        read_event({**_example("events.plans.plan-filed.v1"), "type": "events.plans.plan-eaten.v1"})


def test_a_badly_named_event_cannot_be_declared() -> None:
    with pytest.raises(TypeError):

        class Misnamed(EventData):
            TYPE = "plans.PlanFiled"
            AGGREGATE = "plan"


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    document = _example("events.plans.plan-filed.v1")
    turned = dict(reversed(list(document.items())))
    assert digest_of(turned) == digest_of(document) == read_event(turned).digest()
    assert digest_of({**document, "time": "2024-08-22T02:00:01Z"}) != digest_of(document)


def test_times_are_utc_on_the_wire_and_never_without_an_offset() -> None:
    document = _example("events.plans.plan-submitted.v1")
    local = {**document, "time": "2024-08-20T23:50:00+08:00"}
    assert read_event(local).document()["time"] == "2024-08-20T15:50:00Z"
    with pytest.raises(ValidationError):
        read_event({**document, "time": "2024-08-20T23:50:00"})


def test_owner_is_read_off_the_type() -> None:
    assert owner_of("events.deadlines.violation-raised.v1") == "deadlines"
    with pytest.raises(ValueError, match="not an event type"):
        owner_of("dead.deadlines-plans.events.plans.plan-filed.v1")


def test_wire_form_is_canonical() -> None:
    event: CloudEvent[Any] = read_event(_example("events.plans.activity-ended.v1"))
    assert read_event(json.loads(event.wire())) == event
    assert event.wire() == read_event(json.loads(event.wire())).wire()
