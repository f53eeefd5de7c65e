"""The command serve, and the server's socket."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from tests.unit.page.asking import Client
from typer.testing import CliRunner

from backhand.cli import app
from backhand.cli import serving as command
from backhand.errors import BackhandError
from backhand.page import server, static_files
from backhand.page.server import address, bound


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["serve", "--no-browser", *arguments])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = run("--port", str(port))
    assert code == 2
    assert f"port {port}" in said
    assert "--port" in said


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "nothing.md"))
    assert code == 2
    assert "No such file" in said


def test_a_file_that_is_too_large_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "large.md").write_text("x = 3\n" * 50_000, encoding="utf-8")
    code, said = run(str(tmp_path / "large.md"))
    assert code == 2
    assert "200,000 bytes" in said


def test_an_address_of_another_machine_is_refused() -> None:
    for host in ("192.0.2.1", "nothing.invalid"):
        with pytest.raises(BackhandError):
            bound(host, 0)


def test_the_printed_address_can_be_opened() -> None:
    with bound("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address("127.0.0.1", listener) == f"http://127.0.0.1:{port}/"
        assert address("0.0.0.0", listener) == f"http://127.0.0.1:{port}/"
        assert address("::1", listener) == f"http://[::1]:{port}/"


def test_ctrl_c_is_a_good_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", interrupted)
    assert run() == (0, "")


def test_the_browser_is_opened_when_the_page_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(command, "open_soon", seen.append)
    monkeypatch.setattr(server, "serve", lambda *given: given[3]("http://127.0.0.1:1/"))
    assert CliRunner().invoke(app, ["serve"]).exit_code == 0
    assert seen == ["http://127.0.0.1:1/"]
    assert run()[0] == 0
    assert len(seen) == 1


def test_without_starlette_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "backhand.page.server", None)
    code, said = run()
    assert code == 2
    assert "backhand[page]" in said


def test_files_are_served_by_their_names_with_their_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "static" / "fonts"
    folder.mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (folder / "a.woff2").write_bytes(b"font")
    (folder / "notes.secret").write_text("no", encoding="utf-8")
    monkeypatch.setattr(static_files, "files", lambda _: tmp_path)
    client = Client()
    page = client.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert client.get("/index.html").content == page.content
    assert client.get("/fonts/a.woff2").headers["content-type"] == "font/woff2"
    assert client.get("/fonts/notes.secret").status == 404
    assert client.get("/fonts/").status == 404
    again = client.get("/", **{"if-none-match": page.headers["etag"]})
    assert (again.status, again.content) == (304, b"")
