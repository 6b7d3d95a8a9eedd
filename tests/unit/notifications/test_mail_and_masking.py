"""Masking, outcomes, delays, and the mail as it travels."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import UUID

import pytest

from services.notifications.domain.masking import contact_target, mask_address, mask_url, scrub
from services.notifications.domain.outcomes import delay_after, of_http_status, of_smtp_refusal
from services.notifications.domain.webhook_urls import UrlRefused, check_url
from services.notifications.gateways.contacts import Contact
from services.notifications.gateways.mail import MailAbout, compose
from services.notifications.gateways.templates import Written

ABOUT = MailAbout(UUID(int=7), UUID(int=8), "events.deadlines.violation-raised.v1", "office", "0af7651916cd43dd")
AT = datetime(2024, 9, 12, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("email", "masked"),
    [("zhang.san@mzj.gov.cn", "z***@mzj.gov.cn"), ("a@b.cn", "a***@b.cn"), ("张三@例子.cn", "张***@例子.cn")],
)
def test_an_address_shows_its_first_letter_and_domain(email: str, masked: str) -> None:
    assert mask_address(email) == masked


def test_a_webhook_address_shows_its_host_only() -> None:
    assert mask_url("https://portal.example:8443/hook/s3cret?token=t0p") == "https://portal.example:8443/…"


@pytest.mark.parametrize(
    "said", ["550 5.1.1 <li.si@swj.example>: no", "rcpt li.si@swj.example rejected", "'li.si@swj.example'"]
)
def test_a_provider_s_answer_is_kept_without_the_address(said: str) -> None:
    assert "li.si" not in scrub(said)
    assert "l***@swj.example" in scrub(said)


def test_a_provider_s_answer_is_cut() -> None:
    assert len(scrub("x" * 10_000)) == 300


def test_a_contact_s_digest_is_the_same_for_one_event_and_differs_between_events() -> None:
    assert contact_target(UUID(int=1), "A@b.cn") == contact_target(UUID(int=1), " a@B.cn ")
    assert contact_target(UUID(int=1), "a@b.cn") != contact_target(UUID(int=2), "a@b.cn")
    assert "a@b.cn" not in contact_target(UUID(int=1), "a@b.cn")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(550, "permanent"), (554, "permanent"), (421, "temporary"), (452, "temporary"), (250, "temporary")],
)
def test_what_an_smtp_refusal_means(code: int, kind: str) -> None:
    assert of_smtp_refusal(code, "said").kind == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "delivered"), (204, "delivered"), (302, "permanent"), (400, "permanent"), (404, "permanent"),
     (408, "temporary"), (429, "temporary"), (500, "temporary"), (503, "temporary"), (410, "permanent")],
)  # fmt: skip
def test_what_an_http_answer_means(status: int, kind: str) -> None:
    assert of_http_status(status).kind == kind
    assert of_http_status(status).receiver_gone == (status == 410)


def test_delays_grow_and_end() -> None:
    assert [delay_after(made, (1.0, 5.0), 4) for made in (1, 2, 3, 4)] == [1.0, 5.0, 5.0, None]


def test_a_mail_travels_as_ascii_and_says_what_it_is_about() -> None:
    written, contact = (
        Written("【违规】民政局", "正文：一行\n" * 40),
        Contact(name="王 五", email="wang@office.example"),
    )
    raw = compose(ABOUT, written, contact, sender="openday@district.example", at=AT)
    raw.decode("ascii")
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "【违规】民政局"
    assert mail["From"].addresses[0].addr_spec == "openday@district.example"
    assert mail["Message-ID"] == f"<{UUID(int=7)}@district.example>"
    assert mail["Date"].datetime == AT
    assert mail["X-Openday-Event-Id"] == str(UUID(int=8))
    assert mail["X-Openday-Audience"] == "office"
    assert mail.get_content().splitlines() == ["正文：一行"] * 40
    assert max(map(len, raw.splitlines())) <= 998


@pytest.mark.parametrize("email", ["a@b.cn\r\nBcc: all@b.cn", "no address", "a@b.cn, c@d.cn", "张三@例子.cn"])
def test_an_address_no_header_can_hold_is_refused(email: str) -> None:
    with pytest.raises(ValueError):
        compose(ABOUT, Written("s", "b\n"), Contact(name="n", email=email), sender="o@d.example", at=AT)


def test_a_name_cannot_add_a_header() -> None:
    raw = compose(ABOUT, Written("s", "b\n"), Contact(name="n\r\nBcc: all@b.cn", email="a@b.cn"),
                  sender="o@d.example", at=AT)  # fmt: skip
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == ["a@b.cn"]


@pytest.mark.parametrize(
    ("url", "https_only", "hosts"),
    [
        ("https://portal.gov.example/hook", True, ()),
        ("https://10.1.2.3:8443/hook?x=1", True, ()),
        ("http://127.0.0.1:9/hook", False, ()),
        ("http://localhost/hook", False, ()),
        ("http://[::1]:9/hook", False, ()),
        ("https://a.portal.example/", True, (".portal.example",)),
        ("https://portal.example/", True, ("portal.example",)),
    ],
)
def test_a_receiver_may_be_registered(url: str, https_only: bool, hosts: tuple[str, ...]) -> None:
    check_url(url, https_only=https_only, hosts=hosts)


@pytest.mark.parametrize(
    ("url", "https_only", "hosts"),
    [
        ("http://portal.gov.example/hook", True, ()),
        ("https://localhost/hook", True, ()),
        ("https://127.0.0.1/hook", True, ()),
        ("https://[::1]/hook", True, ()),
        ("https://[::ffff:127.0.0.1]/hook", True, ()),
        ("https://2130706433/hook", True, ()),
        ("http://[fe80::1]/", False, ()),
        ("http://224.0.0.1/", False, ()),
        ("https://evil.example/", False, (".portal.example",)),
        ("https://evilportal.example/", False, (".portal.example", "portal.example")),
        ("gopher://portal.example/", False, ()),
        ("portal.example/hook", False, ()),
    ],
)
def test_a_receiver_may_not_be_registered(url: str, https_only: bool, hosts: tuple[str, ...]) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, https_only=https_only, hosts=hosts)
