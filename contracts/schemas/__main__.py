"""Record the schemas and examples of the published language, or check that they are what the code says."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from contracts.envelope import CloudEvent
from contracts.registry import EVENTS, read_event

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something differs")
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")
    asked = parser.parse_args()
    if not asked.check:
        for kind in EVENTS:
            _file(HERE, kind).write_text(_text(schema_of(kind)), encoding="utf-8")
    faults = differences()
    if asked.json:
        print(json.dumps(faults, ensure_ascii=False))
    else:
        print("\n".join(faults) or f"{len(EVENTS)} events: schemas recorded, examples fit")
    return 1 if faults else 0


def differences() -> list[str]:
    """What does not fit: a schema that changed, an example that is missing or no longer parses, a file of nobody."""
    faults = []
    for kind in EVENTS:
        recorded = _file(HERE, kind)
        if not recorded.exists() or recorded.read_text(encoding="utf-8") != _text(schema_of(kind)):
            faults.append(f"{recorded.name}: the schema differs from the code; see contracts/CHANGELOG.md, then record")
        faults += _example_faults(kind)
    for folder in (HERE, EXAMPLES):
        faults += [f"{path.name}: no such event" for path in folder.glob("*.json") if path.stem not in EVENTS]
    return faults


def schema_of(kind: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of the whole event as it is on the wire."""
    data = EVENTS[kind]
    schema: dict[str, Any] = CloudEvent[data].model_json_schema(mode="serialization")  # type: ignore[valid-type]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:openday:schema:{kind}"
    schema["properties"]["type"] = {"const": kind, "title": "Type", "type": "string"}
    # An absent envelope attribute is left out on the wire, which is what CloudEvents asks.
    schema["required"] = [name for name in schema["required"] if name not in ("department", "activityid")]
    return schema


def _example_faults(kind: str) -> list[str]:
    path = _file(EXAMPLES, kind)
    if not path.exists():
        return [f"{path.name}: no example"]
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        event = read_event(document)
    except ValueError as wrong:
        return [f"{path.name}: {wrong}"]
    return [] if event.document() == document else [f"{path.name}: is not what the code would write"]


def _file(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.json"


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
