"""继承: 区 ← 市 ← 自治区, resolved by plain data merging before anything is validated.

Tables merge key by key. A list of tables that all carry ``id`` (rules, requirements, checks) merges by id: a known id
is merged in place, a new one is appended, none is lost. Every other list is replaced. ``without`` removes what a parent
brought: ``without = ["rules.publicity", "participants.maximum"]``. What identifies a pack is never inherited.
"""

from collections.abc import Mapping, Sequence
from typing import Any

OWN_KEYS = frozenset({"id", "version", "year", "parent", "abstract", "without", "jurisdiction", "basis"})

# Which file set a dotted key path; entries of a list that merges by id are named by it: ``rules.publicity.n``.
Origins = dict[str, str]


def merges_by_id(value: object) -> bool:
    """Whether ``value`` is a list whose every entry is a table with an ``id``."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and "id" in item for item in value)


def merge(
    parent: Mapping[str, Any], child: Mapping[str, Any], file: str, origins: Origins, at: str = ""
) -> dict[str, Any]:
    """Lay ``child`` (from ``file``) over ``parent``; ``origins`` learns which file set each key path."""
    merged = dict(parent)
    for key, value in child.items():
        path = _below(at, key)
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = merge(before, value, file, origins, path)
        elif merges_by_id(before) and (value == [] or merges_by_id(value)):
            merged[key] = _merge_entries(before, value, file, origins, path)  # type: ignore[arg-type]
        else:
            merged[key] = value
            forget(origins, path)
            _note(value, file, origins, path)
    return merged


def remove(data: dict[str, Any], dotted: str) -> bool:
    """Take the key path ``dotted`` out of ``data`` in place; False when there is nothing there.

    Keys that contain dots themselves (those of ``assumptions``) are matched as a whole.
    """
    if dotted in data:
        del data[dotted]
        return True
    head, _, rest = dotted.partition(".")
    below = data.get(head)
    if not rest:
        return False
    if isinstance(below, dict):
        data[head] = copy = dict(below)
        return remove(copy, rest)
    if isinstance(below, list) and merges_by_id(below):
        wanted, _, deeper = rest.partition(".")
        entries = list(below)
        for index, entry in enumerate(entries):
            if entry["id"] != wanted:
                continue
            if deeper:
                entries[index] = dict(entry)
                found = remove(entries[index], deeper)
            else:
                del entries[index]
                found = True
            data[head] = entries
            return found
    return False


def origin_of(path: str, origins: Origins) -> str | None:
    """The file that set ``path``, or the nearest thing above it."""
    while path and path not in origins:
        path = path.rpartition(".")[0]
    return origins.get(path)


def forget(origins: Origins, path: str) -> None:
    """Let go of who set ``path`` and everything below it."""
    for known in [known for known in origins if known == path or known.startswith(f"{path}.")]:
        del origins[known]


def _merge_entries(
    before: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]], file: str, origins: Origins, at: str
) -> list[dict[str, Any]]:
    merged = list(before)
    known = {str(entry["id"]): index for index, entry in enumerate(merged)}
    for entry in entries:
        path = _below(at, entry["id"])
        if str(entry["id"]) in known:
            index = known[str(entry["id"])]
            merged[index] = merge(merged[index], entry, file, origins, path)
        else:
            known[str(entry["id"])] = len(merged)
            merged.append(entry)
            _note(entry, file, origins, path)
    return merged


def _note(value: object, file: str, origins: Origins, path: str) -> None:
    origins[path] = file
    if isinstance(value, dict):
        for key, below in value.items():
            _note(below, file, origins, _below(path, key))
    elif isinstance(value, list) and merges_by_id(value):
        for entry in value:
            _note(entry, file, origins, _below(path, entry["id"]))


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
