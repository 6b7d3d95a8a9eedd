"""错误说明: validation errors turned into a key path and a Chinese reason."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

_REASONS = {
    "missing": "缺少此项",
    "extra_forbidden": "未知的项目",
    "int_type": "应为整数",
    "string_type": "应为文字",
    "bool_type": "应为 true 或 false",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "dict_type": "应为表",
    "model_type": "应为表",
    "model_attributes_type": "应为表",
    "date_from_datetime_parsing": "应为日期 YYYY-MM-DD",
    "date_parsing": "应为日期 YYYY-MM-DD",
    "date_type": "应为日期 YYYY-MM-DD",
}
_LIMITS = {"greater_than_equal": ("ge", "不能小于"), "less_than_equal": ("le", "不能大于")}


def problems_of(error: ValidationError, data: Any) -> Iterator[tuple[str, str, str]]:
    """Each mistake behind a validation error: its kind, dotted key path and reason."""
    for problem in error.errors(include_url=False):
        path = key_path(problem["loc"], data)
        if problem["type"] == "problems":
            for key, reason in problem["ctx"]["problems"]:
                yield problem["type"], f"{path}.{key}" if path else key, reason
        else:
            yield problem["type"], path, reason_for(problem)


def key_path(location: tuple[int | str, ...], data: Any) -> str:
    """A pydantic location as the names a person wrote: list entries by their ``id`` or ``key`` where they have one."""
    path: list[str] = []
    here = data
    for part in location:
        if isinstance(part, int):
            here = here[part] if isinstance(here, list) and part < len(here) else None
            name = here.get("id") or here.get("key") if isinstance(here, dict) else None
            path.append(name if isinstance(name, str) else str(part))
        elif part != "[key]":
            here = here.get(part) if isinstance(here, dict) else None
            path.append(part)
    return ".".join(path)


def reason_for(problem: Mapping[str, Any]) -> str:
    """One pydantic error in Chinese, with the allowed values where there are any."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        allowed = str(context["expected"]).replace(" or ", "、").replace(", ", "、").replace("'", "")
        return f"只能是 {allowed}；现为 {problem['input']!r}"
    if kind == "string_pattern_mismatch":
        return f"不符合格式 {context['pattern']}；现为 {problem['input']!r}"
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{words} {context[name]}；现为 {problem['input']!r}"
    if kind == "too_short":
        return f"至少 {context['min_length']} 项"
    return _REASONS.get(kind, str(problem["msg"]))
