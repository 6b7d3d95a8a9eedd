"""Rules about the code itself that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for part in ("contracts", "servicekit", "services", "deploy") for path in sorted((ROOT / part).rglob("*.py"))
]
SERVICE_FILES = {
    "__init__.py", "__main__.py", "app.py", "settings.py", "domain.py", "use_cases.py",
    "subscribers.py", "api.py", "store.py", "views.py", "gateways.py", "timers.py",
}  # fmt: skip


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 70, f"{node.name} is over 70 lines"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_module_is_named_for_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


@pytest.mark.parametrize(
    "service", sorted(p for p in (ROOT / "services").iterdir() if (p / "app.py").exists()), ids=_name
)
def test_services_use_the_same_file_names(service: Path) -> None:
    for path in service.glob("*.py"):
        assert path.name in SERVICE_FILES
    text = (service / "README.md").read_text(encoding="utf-8").lower()
    for part in ("owns", "hears", "says", "refuses"):
        assert part in text


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if p.parts[-3] in ("services",) or "servicekit" in p.parts or "services" in p.parts],
    ids=_name,
)
def test_policy_is_data(path: Path) -> None:
    """A number, name, list or window of one notice in code is a defect: other districts and years differ."""
    words = re.compile(r"640402|原州|9月|8月20|10月15|08-20|10-15|09-30|校园开放日|司法开放日")
    assert not words.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [p for p in SOURCES if "services" in p.parts], ids=_name)
def test_services_ask_the_clock(path: Path) -> None:
    """Business time is passed in: a service that reads the machine's clock can't be rehearsed."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            owner = ast.unparse(node.value)
            assert owner not in {"datetime", "date", "datetime.datetime"}, f"line {node.lineno}: {owner}.{node.attr}"


@pytest.mark.parametrize("path", [p for p in SOURCES if "services" in p.parts or "servicekit" in p.parts], ids=_name)
def test_only_delivery_catches_everything(path: Path) -> None:
    if path.name == "delivery.py" and path.parent.name == "servicekit":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            caught = ast.unparse(node.type)
            reraised = any(isinstance(inner, ast.Raise) for inner in ast.walk(node)) or "_exit" in ast.unparse(node)
            assert caught not in {"Exception", "BaseException"} or reraised, f"line {node.lineno}"
