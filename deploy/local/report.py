"""What people read: the table of addresses and tokens, and the status of a stack."""

import json
import time
from typing import Any

from deploy.local.issuer import ROLES
from deploy.local.lock import holder_of
from deploy.local.memory import footprint, mebibytes
from deploy.local.programs import HOST
from deploy.local.settings import SERVICE_NAMES, StackSettings
from deploy.local.stack import Stack, roster

_ROLE_TITLES = {
    "office": "区政府政务公开办公室",
    "frontend": "前端系统",
    "auditor": "审计",
    "ops": "运维",
    "operator": "直播操作员",
}


def addresses(stack: Stack) -> str:
    """Where everything answers, and a token per role; the full tokens are in files only their owner can read."""
    settings = stack.settings
    directory = settings.data / "tokens"
    lines = ["", "Addresses"]
    lines += [f"  {name:<14} {stack.url(name):<26} API: {stack.url(name)}/docs" for name in SERVICE_NAMES]
    lines.append(f"  {'mail':<14} {stack.url('mail'):<26} inbox of every mail sent (SMTP {settings.ports['smtp']})")
    lines.append(f"  {'webhooks':<14} {stack.url('webhook'):<26} what the front-end's receiver got")
    lines.append(f"  {'NATS':<14} {stack.nats_url:<26} users and passwords: {settings.stack_file}")
    lines.append(f"  {'PostgreSQL':<14} {HOST}:{settings.ports['postgres']:<16} roles and passwords: the same file")
    lines += ["", f"Tokens (complete in {directory}, one file each; good for 30 days)"]
    for role in ROLES:
        if role != "department":
            lines.append(_token_line(stack, role, f"{role}.jwt", _ROLE_TITLES[role]))
    for department in roster():
        file = f"department-{department['code']}.jwt"
        lines.append(_token_line(stack, "department", file, str(department["name"])))
    lines += [
        "",
        "Try it",
        f'  curl -s -H "Authorization: Bearer $(cat {directory}/office.jwt)" {stack.url("plans")}/campaigns',
    ]
    return "\n".join([*lines, ""])


def _token_line(stack: Stack, role: str, file: str, whose: str) -> str:
    token = (stack.settings.data / "tokens" / file).read_text(encoding="utf-8")
    return f"  {role:<11} {file:<34} …{token[-8:]}  {whose}"


def status(settings: StackSettings) -> dict[str, Any]:
    """Whether a stack runs on this directory, its processes with their memory now, and the most it took."""
    pid = holder_of(settings.data)
    file = settings.data / "state.json"
    if pid is None or not file.exists():
        return {"running": False, "data_dir": str(settings.data), "phase": "stopped", "processes": []}
    state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for process in state["processes"]:
        found = footprint(process["pid"]) if process["pid"] else None
        process["memory"] = found.as_data() if found else None
        process["uptime_seconds"] = round(time.time() - process["since"], 1) if found else 0
    whole = footprint(pid)
    state["total"] = whole.as_data() if whole else None
    return {"running": True, "data_dir": str(settings.data), **state}


def status_lines(found: dict[str, Any]) -> str:
    if not found["running"]:
        return f"no stack runs on {found['data_dir']}"
    lines = [f"{found['kind']} stack on {found['data_dir']}: {found['phase']} (process {found['pid']})", ""]
    lines.append(f"  {'process':<16} {'pid':>8} {'up':>9} {'restarts':>9} {'PSS':>10} {'RSS':>10}")
    for process in found["processes"]:
        memory = process["memory"]
        pss, rss = (mebibytes(memory["pss"]), mebibytes(memory["rss"])) if memory else ("down", "")
        lines.append(
            f"  {process['name']:<16} {process['pid'] or '-':>8} {process['uptime_seconds']:>7.0f} s"
            f" {process['restarts']:>9} {pss:>10} {rss:>10}"
        )
    if total := found["total"]:
        lines.append(f"  all, supervisor included: PSS {mebibytes(total['pss'])}; peak {mebibytes(found['peak_pss'])}")
    return "\n".join(lines)
