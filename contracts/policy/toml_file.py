"""TOML 文件: one pack or layer file as plain data, or the reason it can't be read."""

import re
import tomllib
from pathlib import Path
from typing import Any

from contracts.policy.mistakes import Mistake


def read_toml(file: Path) -> tuple[dict[str, Any], Mistake | None]:
    """The file's data, or a mistake with the line; a byte order mark, as office editors write it, is ignored."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig")), None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at line (\d+), column (\d+)", str(error))
        line = f"第 {where[1]} 行第 {where[2]} 列" if where else "文件末尾"
        return {}, Mistake(file.name, "", f"TOML 语法错误，{line}：{error}")
    except UnicodeDecodeError:
        return {}, Mistake(file.name, "", "不是 UTF-8 编码")
    except OSError as error:
        return {}, Mistake(file.name, "", f"读不出来：{error.strerror}")
