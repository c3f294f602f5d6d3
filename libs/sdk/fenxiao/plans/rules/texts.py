"""Sentences in both languages."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fenxiao.plans.components.base import Strict


def _sentence(text: str) -> str:
    if not text.strip() or len(text) > 1000 or "\n" in text:
        raise PydanticCustomError("INVALID_SENTENCE", "Must be a text of 1 to 1000 characters on one line.")
    return text


Sentence = Annotated[str, AfterValidator(_sentence)]


class Text(Strict):
    """One text in English and Chinese."""

    en: Sentence
    zh: Sentence

    def given(self, language: str) -> str:
        """Give it in a language: Chinese for `zh` and its kin, else English."""
        return self.zh if language.startswith("zh") else self.en
