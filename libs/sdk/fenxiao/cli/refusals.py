"""What a refusal says to people, in the language spoken. The Chinese stands in `refusals_zh.toml`, by reason code."""

# ruff: noqa: PLC0415 - loaded at every call, and few calls are refused

from functools import cache
from typing import Final

from fenxiao.cli.texts import CHINESE, language

_GOES_ON: Final = "："
"""A text that ends so is followed by the English message."""


def refusal_text(reason: str, message: str) -> str:
    """Give the text for a reason; a reason without one, as a newer service may have it, keeps its English message."""
    chinese = chinese_texts().get(reason) if language() == CHINESE else None
    if chinese is None:
        return message
    return chinese + message if chinese.endswith(_GOES_ON) else chinese


@cache
def chinese_texts() -> dict[str, str]:
    """Read the catalogue."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads((files("fenxiao.cli") / "refusals_zh.toml").read_text(encoding="utf-8"))
