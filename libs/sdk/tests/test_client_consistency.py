import base64
import json
from pathlib import Path

import pytest

from fenxiao.client.consistency import Consistency


def token(**positions: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(positions).encode()).decode()


def test_the_higher_position_of_a_store_counts() -> None:
    seen = Consistency()
    seen.absorb(token(membership="abc:7", commission="def:3"))
    seen.absorb(token(membership="abc:5", commission="def:4"))
    assert (seen.position("membership"), seen.position("commission")) == ("abc:7", "def:4")
    assert json.loads(base64.urlsafe_b64decode(seen.header)) == {"membership": "abc:7", "commission": "def:4"}


def test_another_store_takes_the_place_of_the_old_one() -> None:
    seen = Consistency()
    seen.absorb(token(membership="abc:7"))
    seen.absorb(token(membership="new:1"))
    assert seen.position("membership") == "new:1"


@pytest.mark.parametrize("bad", ["", "%%%", "AAAA", token(membership="nothing"), base64.b64encode(b"[1]").decode()])
def test_what_is_no_token_says_nothing(bad: str) -> None:
    seen = Consistency()
    seen.absorb(bad)
    assert seen.header == ""


def test_a_second_run_begins_with_what_the_first_has_seen(tmp_path: Path) -> None:
    file = tmp_path / "consistency.json"
    first = Consistency(file)
    first.absorb(token(membership="abc:7"))
    first.save()
    assert Consistency(file).position("membership") == "abc:7"


def test_runs_at_the_same_time_keep_each_others_positions(tmp_path: Path) -> None:
    file = tmp_path / "consistency.json"
    one, other = Consistency(file), Consistency(file)
    one.absorb(token(membership="abc:7", commission="def:1"))
    other.absorb(token(membership="abc:9"))
    other.save()
    one.save()
    merged = Consistency(file)
    assert (merged.position("membership"), merged.position("commission")) == ("abc:9", "def:1")


def test_a_damaged_file_or_no_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "consistency.json").write_text("{broken", encoding="utf-8")
    assert Consistency(tmp_path / "consistency.json").header == ""
    nowhere = Consistency(tmp_path / "missing" / "consistency.json")
    nowhere.absorb(token(membership="abc:7"))
    nowhere.save()
