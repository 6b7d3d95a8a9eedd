"""推送地址: which receivers may be registered.

The receivers are other systems of the government's intranet, so private addresses are the normal case and are not
refused. What is: anything but http(s), http in a real deployment, credentials in the address, addresses that reach
this machine (real deployment) or a cloud's metadata door, and hosts outside the operator's list where there is one.
Redirects are not followed and the answer's body is never read into anything the subscriber can see.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from servicekit.problems import Refused


class UrlRefused(Refused):
    code, status, title = "webhook-url-refused", 422, "推送地址不能使用"


def check_url(url: str, *, https_only: bool, hosts: Sequence[str]) -> None:
    """`hosts`: allowed host names, a leading dot for all below one; empty: any. Raises UrlRefused."""
    parts = _split(url)
    if parts.scheme not in ("https", "http"):
        raise UrlRefused("地址须以 https:// 或 http:// 开头")
    if https_only and parts.scheme != "https":
        raise UrlRefused("正式部署只接受 https 地址", fix="为接收端配置证书,改用 https://")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused("地址中不能带用户名或密码", fix="接收端请用签名验证来源")
    if parts.fragment:
        raise UrlRefused("地址中不能带 #")
    host = (parts.hostname or "").rstrip(".").lower()
    if not host or any(character.isspace() for character in url):
        raise UrlRefused("地址中没有主机名或含有空白")
    if hosts and not any(host == entry or (entry.startswith(".") and host.endswith(entry)) for entry in hosts):
        raise UrlRefused("主机不在允许的名单中", fix="请运维把接收端主机加入 WEBHOOK_HOSTS")
    if _forbidden(host, local_refused=https_only):
        raise UrlRefused("这个主机地址不能作为接收端")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is not a port
    except ValueError as wrong:
        raise UrlRefused("地址格式不对") from wrong
    return parts


def _forbidden(host: str, *, local_refused: bool) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return local_refused
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        # Resolvers read 2130706433 and 0x7f.1 as addresses; no host name ends in a number.
        return host.rsplit(".", 1)[-1][0].isdigit()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return not (address.is_loopback and not local_refused)
    return address.is_loopback and local_refused
