from pathlib import Path

import pytest

from libs.localnet.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with its folders made."""
    home = Home.at(tmp_path / "home")
    home.create()
    return home
