"""政策包读取: TOML files to one resolved ``PolicyPack``, or every mistake with file, key and reason.

A file is named after its id (``640402-2024.toml``). ``parent`` names the pack it inherits from, in the same directory;
``abstract = true`` marks one that only serves as a parent. Nothing is returned unless everything is right.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.policy.merge import OWN_KEYS, Origins, forget, merge, origin_of, remove
from contracts.policy.mistakes import Mistake, PackInvalid
from contracts.policy.model import PolicyPack
from contracts.policy.reasons import problems_of
from contracts.policy.toml_file import read_toml

PACKS_DIRECTORY = Path(__file__).parent / "packs"
_PACK_ID = re.compile(r"\d{6}-\d{4}")
_FILE_ONLY_KEYS = frozenset({"abstract", "without"})


def load_pack(pack_id: str, directory: Path | Sequence[Path] = PACKS_DIRECTORY) -> PolicyPack:
    """政策包 ``pack_id``, resolved with its parents, from the first of the directories that holds each file.

    PackInvalid lists every mistake; nothing is partially loaded.
    """
    pack, mistakes = _resolve(pack_id, _as_list(directory))
    if pack is None or mistakes:
        raise PackInvalid(mistakes)
    return pack


def check_pack(file: Path, directory: Path | Sequence[Path] = PACKS_DIRECTORY) -> tuple[Mistake, ...]:
    """Every mistake of one pack file; its parents are looked up beside it, then in ``directory``.

    An abstract pack may be incomplete; what it does say is checked.
    """
    if not file.is_file():
        return (Mistake(file.name, "", "没有这个文件"),)
    if file.suffix != ".toml":
        return (Mistake(file.name, "", "文件名应为 <行政区划代码>-<年份>.toml"),)
    _, mistakes = _resolve(file.stem, [file.parent, *_as_list(directory)], abstract_allowed=True)
    return tuple(mistakes)


def list_packs(directory: Path = PACKS_DIRECTORY) -> tuple[str, ...]:
    """The ids of the pack files in ``directory``, abstract ones included, sorted."""
    return tuple(sorted(file.stem for file in directory.glob("*.toml") if _PACK_ID.fullmatch(file.stem)))


def _as_list(directory: Path | Sequence[Path]) -> list[Path]:
    return [directory] if isinstance(directory, Path) else list(directory)


def _resolve(
    pack_id: str, directories: Sequence[Path], *, abstract_allowed: bool = False
) -> tuple[PolicyPack | None, list[Mistake]]:
    chain, mistakes = _read_chain(pack_id, directories)
    broken = bool(mistakes)  # what a missing parent would have brought must not be reported as missing, too
    for file, data in chain:
        mistakes += _file_mistakes(file, data)
    if broken:
        return None, mistakes
    leaf_file, leaf = chain[0]
    abstract = leaf.get("abstract") is True
    if abstract and not abstract_allowed:
        mistakes.append(Mistake(leaf_file, "abstract", "这个政策包只供继承，不能直接使用"))
        return None, mistakes
    merged, origins, removal_mistakes = _lay_over(chain)
    mistakes += removal_mistakes
    merged["lineage"] = [data.get("id") for _, data in chain]
    pack, found = _validate(merged, leaf_file, origins, partial=abstract)
    known = {(mistake.file, mistake.key) for mistake in mistakes}
    mistakes += [mistake for mistake in found if (mistake.file, mistake.key) not in known]
    return (None if mistakes else pack), mistakes


def _read_chain(pack_id: str, directories: Sequence[Path]) -> tuple[list[tuple[str, dict[str, Any]]], list[Mistake]]:
    """The pack and its parents, leaf first; stops at what can't be read."""
    chain: list[tuple[str, dict[str, Any]]] = []
    wanted: object = pack_id
    asked_by, asked_key = f"{pack_id}.toml", ""
    while wanted is not None:
        if not isinstance(wanted, str) or not _PACK_ID.fullmatch(wanted):
            return chain, [Mistake(asked_by, asked_key, f"{wanted!r} 不是政策包编号，应为 <行政区划代码>-<年份>")]
        name = f"{wanted}.toml"
        if name in [file for file, _ in chain]:
            loop = " ← ".join([*(file.removesuffix(".toml") for file, _ in chain), wanted])
            return chain, [Mistake(asked_by, "parent", f"继承成环：{loop}")]
        file = next((place / name for place in directories if (place / name).is_file()), None)
        if file is None:
            reason = f"没有上级政策包 {wanted}" if chain else "没有这个政策包"
            return chain, [Mistake(asked_by, asked_key, reason)]
        data, mistake = read_toml(file)
        if mistake is not None:
            return chain, [mistake]
        chain.append((name, data))
        wanted, asked_by, asked_key = data.get("parent"), name, "parent"
    return chain, []


def _file_mistakes(file: str, data: Mapping[str, Any]) -> list[Mistake]:
    """What is wrong in one file by itself; whatever is left out may come from its parents."""
    mistakes = []
    if data.get("id") != file.removesuffix(".toml"):
        mistakes.append(Mistake(file, "id", f"{data.get('id')!r} 与文件名 {file} 不符"))
    for key in ("version", "year", "jurisdiction", "basis"):
        if key not in data:
            mistakes.append(Mistake(file, key, "缺少此项（不继承）"))
    if not isinstance(data.get("abstract", False), bool):
        mistakes.append(Mistake(file, "abstract", "应为 true 或 false"))
    without = data.get("without", [])
    if not isinstance(without, list) or not all(isinstance(path, str) for path in without):
        mistakes.append(Mistake(file, "without", "应为文字的列表"))
    for key in ("rules", "requirements", "checks"):
        entries = data.get(key)
        ids = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        mistakes += [
            Mistake(file, f"{key}.{name}", "id 重复") for name in dict.fromkeys(ids) if name and ids.count(name) > 1
        ]
        mistakes += [Mistake(file, f"{key}.{index}.id", "缺少此项") for index, name in enumerate(ids) if name is None]
    shown = {key: value for key, value in data.items() if key not in _FILE_ONLY_KEYS}
    _, found = _validate({**shown, "lineage": [data.get("id")]}, file, {}, partial=True)
    known = {mistake.key for mistake in mistakes}
    return mistakes + [mistake for mistake in found if mistake.key not in known]


def _lay_over(chain: Sequence[tuple[str, dict[str, Any]]]) -> tuple[dict[str, Any], Origins, list[Mistake]]:
    """Root first, each child over what it inherits, its removals before its own values."""
    merged: dict[str, Any] = {}
    origins: Origins = {}
    mistakes = []
    for file, data in reversed(chain):
        inherited = {key: value for key, value in merged.items() if key not in OWN_KEYS}
        for key in OWN_KEYS:
            forget(origins, key)
        without = data.get("without", [])
        for path in without if isinstance(without, list) else []:
            if isinstance(path, str) and not remove(inherited, path):
                mistakes.append(Mistake(file, "without", f"上级政策包没有 {path}"))
        own = {key: value for key, value in data.items() if key not in _FILE_ONLY_KEYS}
        merged = merge(inherited, own, file, origins)
    return merged, origins, mistakes


def _validate(
    data: Mapping[str, Any], file: str, origins: Origins, *, partial: bool
) -> tuple[PolicyPack | None, list[Mistake]]:
    try:
        return PolicyPack.model_validate(data), []
    except ValidationError as error:
        return None, [
            Mistake(origin_of(path, origins) or file, path, reason)
            for kind, path, reason in problems_of(error, data)
            if not (partial and kind == "missing")
        ]
