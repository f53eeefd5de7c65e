"""The page as one file: what it holds, and that nothing in it gets out."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.page.sheets import example
from backhand.page.single import interactive

WORKSHEET = Path("examples/two-neurons.md")


def carried(page: str) -> dict:
    found = re.search(
        r'<script id="carried" type="application/json">(.*?)</script>', page, re.DOTALL
    )
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def page() -> str:
    return interactive(example())


def test_every_entry_has_its_working_in_both_layouts(page: str) -> None:
    workings = carried(page)["workings"]
    assert {"x[1]", "y", "W_1[1,0]", "W_1[2,2]", "W_2[1,1]", "a[2]", "yhat", "J"} <= set(workings)
    assert all(set(each) == {"numerator", "denominator"} for each in workings.values())


def test_numbers_and_words_can_be_judged_without_python(page: str) -> None:
    answers = carried(page)["answers"]
    assert answers["3.1.4"]["numbers"] == [3, -2]
    assert answers["3.1.3.1"]["numbers"] == [2, 3]
    assert "numbers" not in answers["3.2.1"]


def test_its_policy_admits_its_own_script_and_style_only(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        mark = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{mark}'" in policy[1]
    assert not re.search(r'(src|href)="https?:', page)


@pytest.mark.parametrize("title", ["</script><script>alert(1)</script>", "<!-- <b>", "a & b"])
def test_a_worksheets_text_stays_text(title: str) -> None:
    page = interactive(f"# {title}\n\n$$ x = 3; w = 2; J = (w x - 5)^2 $$\n")
    assert page.count("<script") == 2
    assert "<b>" not in page
    assert title in carried(page)["sheet"]["text"]


def test_a_large_network_carries_what_there_is_room_for() -> None:
    from backhand.page.bodies import LayerSpec
    from backhand.page.networks import page_of

    layers = (LayerSpec(64, ""), LayerSpec(32, "relu"), LayerSpec(10, "softmax"))
    page = interactive(page_of(layers, "cross_entropy", 0))
    workings = carried(page)["workings"]
    assert not any(by.startswith("W_1[") for by in workings)
    assert "yhat[1]" in workings
    assert len(page) < 8_000_000


def test_without_a_network_it_says_so() -> None:
    with pytest.raises(BackhandError, match="defines no network"):
        interactive("# Words\n\nIs it so?\n% ask: check d/dx x^2 = 2 x\n")
