"""Where a stack lives and listens: flags over variables over defaults, and clear words for what cannot be."""

import stat
from pathlib import Path

import pytest

from deploy.local.credentials import open_credentials
from deploy.local.lock import AlreadyRunning, hold_lock, holder_of
from deploy.local.settings import SERVICE_NAMES, SettingWrong, StackSettings
from deploy.nats.config import USERS


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENDAY_DATA_DIR", "OPENDAY_PORT_BASE", "OPENDAY_CLOCK", "OPENDAY_PORT_NATS"):
        monkeypatch.delenv(name, raising=False)


def read(*ports: str, data: str | None = None, base: str | None = None, clock: str | None = None) -> StackSettings:
    return StackSettings.read("run", data=data, port_base=base, ports=list(ports), clock=clock)


def test_run_and_rehearsal_share_neither_directory_nor_port() -> None:
    run = read()
    rehearsal = StackSettings.read("rehearsal", data=None, port_base=None, ports=[])
    assert run.data != rehearsal.data
    assert not set(run.ports.values()) & set(rehearsal.ports.values())


def test_every_service_has_a_port() -> None:
    assert set(SERVICE_NAMES) < set(read().ports)


def test_a_flag_wins_over_a_variable_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read().ports["nats"] == 18022
    monkeypatch.setenv("OPENDAY_PORT_BASE", "21000")
    monkeypatch.setenv("OPENDAY_DATA_DIR", "/tmp/variable")
    assert (read().ports["nats"], str(read().data)) == (21022, "/tmp/variable")
    monkeypatch.setenv("OPENDAY_PORT_NATS", "4222")
    assert read().ports["nats"] == 4222
    assert (read("nats=5222").ports["nats"], str(read(data="/tmp/flag").data)) == (5222, "/tmp/flag")


def test_auto_gives_free_ports_all_different() -> None:
    first, second = read(base="auto").ports, read(base="auto").ports
    assert len(set(first.values())) == len(first)
    assert first != second


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"base": "eighteen"}, "OPENDAY_PORT_BASE is 'eighteen'"),
        ({"base": "80"}, "OPENDAY_PORT_BASE is '80'"),
        ({"clock": "sundial"}, "simulated or system"),
    ],
)
def test_what_cannot_be_used_is_named(setting: dict[str, str], words: str) -> None:
    with pytest.raises(SettingWrong, match=words):
        read(**setting)


def test_an_unknown_or_a_shared_port_is_refused() -> None:
    with pytest.raises(SettingWrong, match="names are plans"):
        read("natz=4222")
    with pytest.raises(SettingWrong, match="share a port"):
        read("nats=18001")


def test_a_directory_with_something_else_in_it_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(SettingWrong, match="holds something else"):
        read(data=str(tmp_path)).claim()
    settings = read(data=str(tmp_path / "new"))
    settings.claim()
    settings.claim()
    assert settings.is_ours()
    assert not stat.S_IMODE(settings.data.stat().st_mode) & 0o066, "others may at most pass through"


def test_passwords_are_made_once_and_are_private(tmp_path: Path) -> None:
    first, second = open_credentials(tmp_path), open_credentials(tmp_path)
    assert first == second
    assert set(first.nats) == set(USERS)
    assert len({*first.nats.values(), *first.postgres.values()}) == len(first.nats) + len(first.postgres)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert open_credentials(tmp_path / "other").nats != first.nats


def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with hold_lock(tmp_path):
        assert holder_of(tmp_path) is not None
        with pytest.raises(AlreadyRunning, match="already runs"), hold_lock(tmp_path):
            pass
    assert holder_of(tmp_path) is None
