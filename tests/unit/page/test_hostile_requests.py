"""Requests that mean harm or make no sense: a status from 400 to 499, one clear error, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_hostile_pages import PAGES
from tests.unit.page.asking import EXAMPLE, HOST, JSON, Client, Response

from backhand.page import tasks
from backhand.page.fields import MAX_ANSWER, MAX_BODY
from backhand.page.guard import POLICY, Rules
from backhand.page.tasks import GOT, TASKS

POSTED = sorted(TASKS.keys() - GOT)
CLIENT = Client()
READ = b'{"text": "x = 3; y = x^2"}'


def refused(response: Response, *statuses: int) -> str:
    """What a refusal says; it must be one of these statuses, else any from 400 to 499."""
    assert response.status in (statuses or range(400, 500)), (response.status, response.text)
    error = response.json()["error"]
    assert set(error) == {"what", "mend", "line", "column"}
    assert error["what"]
    assert "Traceback" not in response.text
    assert 'File "' not in response.text
    return error["what"]


def posted(task: str, body: bytes, **headers: str) -> Response:
    return CLIENT.ask("POST", f"/api/{task}", body, {**JSON, **headers})


# ---- pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_hostile_page_is_read_or_refused(page: str) -> None:
    for task in ("read", "forward"):
        response = posted(task, json.dumps({"text": page}).encode())
        assert response.status == 200 or refused(response)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_hostile_answer_is_marked_or_refused(page: str) -> None:
    for task in ("mark", "preview"):
        for part in ("3.1.6", "3.2.2"):
            fields = {"text": EXAMPLE, "part": part, "answer": page}
            response = posted(task, json.dumps(fields).encode())
            assert response.status == 200 or refused(response)


def test_markup_on_a_page_is_passed_on_as_text() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    text = f"# {evil}\n\n$$ x = 3 $$\n\nOh {evil} [a](javascript:alert(1)) How large is x?\n% ask: value x\n"
    response = posted("read", json.dumps({"text": text}).encode())
    (question,) = response.json()["questions"]
    assert "<script" not in question["words"]
    assert "<img" not in question["words"]
    assert 'href="javascript' not in question["words"]
    assert (
        "<"
        not in Client()
        .ask("POST", "/api/export", json.dumps({"text": text, "format": "markdown"}).encode(), JSON)
        .headers["content-disposition"]
    )


# ---- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"text": NaN}',
        b'{"text": "x = 3", "values": {"x": [Infinity]}}',
        b'{"text": "x = 3", "values": {"x": [1e999]}}',
        b'{"text": "x = 3", "values": {"x": [' + b"9" * 400 + b"]}}",
        b'{"text": "x = 3", "values": {"x": ' + b"9" * 5_000 + b"}}",
        b'{"text": "\\ud800 = 3"}',
        b'{"\\ud800": 3}',
        b'{"text": "x = \xff"}',
        b'{"text": {"text": "x = 3"}}',
        b'{"text": true}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"\xef\xbb\xbf" + READ,
        "{}".encode("utf-16"),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    for task in POSTED:
        refused(posted(task, body), 400, 422)


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.lists(st.integers() | st.text(max_size=3)), max_size=2),
)
FIELDS = (
    "text", "values", "of", "by", "layout", "question", "part", "answer", "earlier", "level",
    "seed", "layers", "loss", "format", "paper", "inputs", "classes",
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(POSTED),
    st.dictionaries(st.sampled_from(FIELDS), WRONG, max_size=6),
    st.booleans(),
)
def test_fields_of_any_type_are_answered_or_refused(
    task: str, fields: dict[str, object], with_text: bool
) -> None:
    given = {**fields, "text": "x = 3; y = x^2"} if with_text else fields
    response = posted(task, json.dumps(given).encode())
    assert response.status == 200 or refused(response)


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    large = json.dumps({"text": "x" * MAX_BODY}).encode()
    refused(posted("read", large), 413)
    refused(CLIENT.ask("POST", "/api/read", [b"x" * 10_000] * 1_000, JSON), 413)
    refused(posted("read", READ, **{"content-length": str(10**30)}), 413)
    refused(posted("read", READ, **{"content-length": str(MAX_BODY + 1)}), 413)


def test_the_parts_of_a_body_are_joined() -> None:
    parts = [READ[:5], b"", READ[5:]]
    assert CLIENT.ask("POST", "/api/read", parts, JSON).status == 200


def test_an_answer_that_is_too_large_is_refused() -> None:
    fields = {"text": EXAMPLE, "part": "3.1.6", "answer": "1" * (MAX_ANSWER + 1)}
    refused(posted("mark", json.dumps(fields).encode()), 413)
    fields = {"text": EXAMPLE, "part": "3.1.6", "answer": "1" * MAX_ANSWER}
    assert posted("mark", json.dumps(fields).encode()).json()["verdict"] == "unreadable"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_what_is_no_plain_json_is_refused(headers: dict[str, str]) -> None:
    refused(CLIENT.ask("POST", "/api/read", READ, headers), 415)


def test_without_memory_what_is_kept_is_given_up_first(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def hungry(fields: object) -> object:
        tried.append("once more")
        if len(tried) < 2:
            raise MemoryError
        return {}

    monkeypatch.setitem(tasks.TASKS, "read", hungry)  # type: ignore[arg-type]
    assert posted("read", READ).status == 200
    monkeypatch.setitem(tasks.TASKS, "read", lambda _: bytearray(2**62))  # type: ignore[arg-type]
    assert refused(posted("read", READ), 422) == "this takes too much memory"


# ---- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/..%5c..%5cetc/passwd",
        "//etc/passwd",
        "///etc/passwd",
        "/static/../server.py",
        "/./server.py",
        "/server.py",
        "/example.md",
        "/index.html/",
        "/index.html%00.png",
        "/%00",
        "/%ff%fe",
        "/file:///etc/passwd",
        "/C:/Windows/win.ini",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/../index.html",
        "/api/data/../../etc/passwd",
        "/api/data/%2e%2e%2fserver.py",
        "/api/data/" + "a" * 5_000,
        "/" + "a/" * 5_000,
    ],
)
def test_an_address_that_is_none_of_the_page_is_refused(target: str) -> None:
    refused(CLIENT.get(target), 404, 413, 422)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_other_methods_are_refused(method: str) -> None:
    for target in ("/", "/api/start", "/api/read", "/api/data/moons"):
        refused(CLIENT.ask(method, target, READ, JSON), 405)


def test_an_address_to_post_to_cannot_be_got_and_the_reverse() -> None:
    refused(CLIENT.get("/api/read"), 405)
    refused(posted("start", READ), 405)
    refused(posted("../index.html", READ), 405)


def test_only_the_file_that_is_served_is_read(tmp_path: Path) -> None:
    served, other = tmp_path / "served.md", tmp_path / "other.md"
    served.write_text("x = 3", encoding="utf-8")
    other.write_text("secret = 4", encoding="utf-8")
    here = Client(file=served)
    for target in ("/other.md", "/../other.md", f"/{other}", "/api/start/../other.md"):
        refused(here.get(target), 404)
    found = here.get("/api/start?file=other.md")
    assert found.json()["sheet"]["text"] == "x = 3"


# ---- other sites -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "evil.example:8000",
        "localhost@evil.example",
        "127.0.0.2",
        "0.0.0.0:8000",
        "",
        "[::1",
        "[::1]x",
        "localhost:8000:9",
    ],
)
def test_another_name_for_this_machine_is_refused(host: str) -> None:
    for target in ("/", "/api/start"):
        refused(CLIENT.get(target, host=host), 403)


def test_a_host_is_named_once() -> None:
    twice = [("host", HOST), ("host", "evil.example")]
    refused(CLIENT.ask("GET", "/api/start", b"", twice), 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000"])
def test_the_names_of_this_machine_are_allowed(host: str) -> None:
    assert CLIENT.get("/api/start", host=host).status == 200


def test_a_server_for_others_may_be_called_by_its_addresses_only() -> None:
    rules = Rules.of("0.0.0.0")
    assert rules.allows("192.168.1.7:8000")
    assert not rules.allows("evil.example:8000")
    assert Rules.of("lab.example").allows("lab.example:8000")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": f"http://{HOST}.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_a_request_from_another_site_is_refused(headers: dict[str, str]) -> None:
    refused(posted("read", READ, **headers), 403)
    refused(CLIENT.get("/api/start", **headers), 403)


def test_a_link_on_another_site_leads_to_the_page_alone() -> None:
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert CLIENT.get("/", **linked).status in (200, 404)
    refused(CLIENT.get("/", **{**linked, "sec-fetch-mode": "no-cors"}), 403)


def test_the_page_itself_may_ask() -> None:
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    assert posted("read", READ, **own).status == 200


def test_every_response_sets_the_rules_of_a_browser() -> None:
    for response in (
        CLIENT.get("/api/start"),
        CLIENT.get("/nothing"),
        CLIENT.get("/api/start", host="evil.example"),
        posted("read", b"x"),
    ):
        assert response.headers["content-security-policy"] == POLICY
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cross-origin-resource-policy"] == "same-origin"
        assert response.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in response.headers
