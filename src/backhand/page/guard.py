"""Who may ask the server, and under which rules a browser shows what it sends.

The page has no accounts: whoever reaches it may use it. So a page of somebody else's, opened in the
same browser, must not: neither by sending requests across (Origin, Sec-Fetch-Site), nor by a name of
its own that leads to this machine (Host).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from socket import gethostname
from typing import TYPE_CHECKING

from backhand.errors import BackhandError
from backhand.page.tasks import Reply, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})
"""Addresses that stand for every one of this machine."""


def refused(what: str, mend: str, status: int = 403) -> Reply:
    """A refusal before anything was read."""
    return refusal(status, BackhandError(what, mend))


@dataclass(frozen=True, slots=True)
class Rules:
    """The names under which the server may be called, for the address that it was told to bind."""

    names: frozenset[str] = field(default=LOCAL)
    any_address: bool = False

    @classmethod
    def of(cls, host: str) -> Rules:
        """The rules for an address or a name.

        >>> Rules.of("127.0.0.1").allows("localhost:8000"), Rules.of("127.0.0.1").allows("evil.org")
        (True, False)
        """
        if host in EVERYWHERE:
            return cls(LOCAL | {gethostname().lower()}, any_address=True)
        return cls(LOCAL | {host.lower()})

    def allows(self, host: str) -> bool:
        """Whether a Host header names this server; the port doesn't matter."""
        name = _name(host)
        # A page elsewhere may give its own name this machine's address, but not a bare address.
        return name in self.names or (self.any_address and _is_address(name))


def _name(host: str) -> str:
    """A Host header without its port and brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        inner, bracket, port = host[1:].partition("]")
        return inner if bracket and (not port or port.startswith(":")) else ""
    name, colon, port = host.partition(":")
    return name if not colon or port.isdecimal() else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def objection(scope: Scope, rules: Rules) -> Reply | None:
    """Why a request is refused, or None: by its host, where it comes from, and what it sends."""
    headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
    hosts = [value for name, value in headers if name == "host"]
    if len(hosts) != 1 or not rules.allows(hosts[0]):
        return refused("this isn't the name of this server", "call it by the address it printed")
    sent = dict(headers)
    return _foreign(scope, sent, hosts[0]) or _unfit(scope, sent)


def _foreign(scope: Scope, sent: Mapping[str, str], host: str) -> Reply | None:
    """A request that another site's page sends, or a link on it: only the page itself may be linked."""
    origin, site = sent.get("origin"), sent.get("sec-fetch-site")
    reading = scope["method"] in ("GET", "HEAD")
    linked = (
        reading and not scope["path"].startswith(API) and (sent.get("sec-fetch-mode") == "navigate")
    )
    own = (f"{scope['scheme']}://{host}".lower(), None)
    if (origin.lower() if origin else None) not in own or (
        site not in ("same-origin", "none", None) and not linked
    ):
        return refused("this request comes from another site", "open the page itself")
    return None


def _unfit(scope: Scope, sent: Mapping[str, str]) -> Reply | None:
    if scope["method"] != "POST":
        return None
    kind, _, parameters = sent.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        return refused("the request isn't JSON", "send Content-Type: application/json", 415)
    if "content-encoding" in sent:
        return refused("the request is compressed", "send it as it is", 415)
    return None


class Guard:
    """The server behind its rules: refuses what they don't allow, and sets a browser's rules."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                more = {**HEADERS, "cache-control": "no-store"}
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in more.items() if k.encode() not in own),
                ]
            await send(message)

        found = objection(scope, self._rules)
        if found is None:
            await self._app(scope, receive, send_with_rules)
            return
        kind = found.kind.encode()
        head = [(b"content-type", kind), (b"content-length", str(len(found.content)).encode())]
        await send_with_rules(
            {"type": "http.response.start", "status": found.status, "headers": head}
        )
        body = b"" if scope["method"] == "HEAD" else found.content
        await send_with_rules({"type": "http.response.body", "body": body})
