"""政策包命令: compute a due date, check a file, explain a pack (``python -m contracts.policy --help``).

Exit codes: 0 fine, 1 the pack or calendar is wrong, 2 the command was used wrongly.
"""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from contracts.policy.calendar import CALENDARS_DIRECTORY, load_calendar
from contracts.policy.counting import PeriodError, in_chinese
from contracts.policy.derivation import Due
from contracts.policy.explain import explain, explain_data
from contracts.policy.layer import read_layer
from contracts.policy.loader import PACKS_DIRECTORY, check_pack, list_packs, load_pack
from contracts.policy.mistakes import CalendarInvalid, Mistake, PackInvalid
from contracts.policy.model import PolicyPack
from contracts.policy.period import compute
from contracts.policy.primitives import SHANGHAI
from contracts.policy.toml_file import read_toml

_FINE, _WRONG, _MISUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is returned, misuse found by argparse exits with 2."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (PackInvalid, CalendarInvalid) as error:
        print(error, file=sys.stderr)
        return _WRONG
    except _MisusedError as error:
        print(f"用法错误：{error}", file=sys.stderr)
        return _MISUSED
    return code


class _MisusedError(Exception):
    """用法错误: the arguments are well-formed but name nothing that exists."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m contracts.policy", description="政策包：推算期限、检查、说明")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="输出 JSON")
    shared.add_argument(
        "--packs", type=_directory, default=PACKS_DIRECTORY, metavar="DIR", help="政策包目录（默认用自带的）"
    )

    due = commands.add_parser("due", parents=[shared], help="推算到期日", description="按政策包的一条规则推算到期日")
    due.add_argument("--pack", required=True, metavar="ID", help="政策包编号，如 640402-2024")
    due.add_argument("--rule", required=True, metavar="RULE", help="规则编号，如 evaluation")
    due.add_argument(
        "--from",
        dest="anchor",
        type=_anchor,
        metavar="DATE",
        help="起算日 YYYY-MM-DD：活动结束日，向前计算的规则用活动开始日；写明日期的规则不需要。"
        "按小时计算的规则用 YYYY-MM-DDTHH:MM（不写时区为 +08:00）",
    )
    due.add_argument(
        "--calendars", type=_directory, default=CALENDARS_DIRECTORY, metavar="DIR", help="日历层目录（默认用自带的）"
    )
    due.set_defaults(run=_due)

    check = commands.add_parser("check", parents=[shared], help="检查文件", description="检查政策包或日历层文件")
    check.add_argument("file", type=Path, metavar="FILE", help="TOML 文件；上级政策包先在同一目录找，再到 --packs 找")
    check.set_defaults(run=_check)

    words = commands.add_parser("explain", parents=[shared], help="说明政策包", description="用中文说明政策包")
    words.add_argument("pack", metavar="PACK", help="政策包编号，如 640402-2024")
    words.set_defaults(run=_explain)
    return parser


def _directory(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} 不是目录")
    return path


def _anchor(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} 不是日期，应为 YYYY-MM-DD") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def _load(pack_id: str, directory: Path) -> PolicyPack:
    known = list_packs(directory)
    if pack_id not in known:
        raise _MisusedError(f"没有政策包 {pack_id}；有：{'、'.join(known) or '（目录里没有政策包）'}")
    return load_pack(pack_id, directory)


def _due(options: argparse.Namespace) -> int:
    pack = _load(options.pack, options.packs)
    rules = [rule.id for rule in pack.rules]
    if options.rule not in rules:
        raise _MisusedError(f"{pack.id} 没有规则 {options.rule}；有：{'、'.join(rules)}")
    rule = pack.rule(options.rule)
    if rule.direction != "on" and options.anchor is None:
        raise _MisusedError(f"规则 {rule.id} 需要 --from")
    calendar = load_calendar(pack.jurisdiction.code, options.calendars)
    try:
        due = compute(rule, options.anchor, calendar, pack.year)
    except PeriodError as error:
        raise _MisusedError(str(error)) from None
    if options.json:
        _print_json({"pack": pack.id, "pack_digest": pack.digest, "from": due.derivation.anchor, **_due_data(due)})
    else:
        _print_due(pack, due)
    return _FINE


def _due_data(due: Due) -> dict[str, Any]:
    data = due.model_dump(mode="json")
    data["derivation"]["digest"] = due.derivation.digest
    return {**data, "safe_date": data["derivation"]["safe_date"]}


def _print_due(pack: PolicyPack, due: Due) -> None:
    rule, derivation = pack.rule(due.rule), due.derivation
    print(f"{rule.title}（{rule.id}）〔{rule.clause}〕 {rule.sentence}")
    print(f"到期日：{_day(due.due_date, due.provisional)}")
    print(f"须早于：{due.due_at.isoformat()}")
    print("推算：")
    for step in derivation.steps:
        print(f"  {step.number}. {step.text}{f'〔{step.article}〕' if step.article else ''}")
    for reading in derivation.readings:
        print(f"  另一种读法：{reading.reading}，到 {_day(reading.due_date, reading.provisional)}")
    print(f"稳妥日期：{in_chinese(derivation.safe_date)}")
    print(f"日历：{derivation.calendar_version}")


def _day(day: date, provisional: bool) -> str:
    return f"{in_chinese(day)}{'（暂定）' if provisional else ''}"


def _check(options: argparse.Namespace) -> int:
    mistakes = _mistakes_of(options.file, options.packs)
    if options.json:
        listed = [mistake._asdict() for mistake in mistakes]
        _print_json({"file": str(options.file), "ok": not mistakes, "mistakes": listed})
    else:
        print("\n".join(str(mistake) for mistake in mistakes) or f"{options.file.name}：ok")
    return _WRONG if mistakes else _FINE


def _mistakes_of(file: Path, packs: Path) -> tuple[Mistake, ...]:
    if not _is_layer(file):
        return check_pack(file, packs)
    try:
        read_layer(file)
    except CalendarInvalid as error:
        return error.mistakes
    return ()


def _is_layer(file: Path) -> bool:
    """A calendar layer says its level; anything else is taken for a pack."""
    data, _ = read_toml(file)
    return "level" in data


def _explain(options: argparse.Namespace) -> int:
    pack = _load(options.pack, options.packs)
    if options.json:
        _print_json(explain_data(pack))
    else:
        print(explain(pack))
    return _FINE


def _print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    sys.exit(main())
