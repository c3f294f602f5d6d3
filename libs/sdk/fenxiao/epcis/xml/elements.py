"""Elements of XML, as a tree."""

from typing import Final

_SPACE: Final = " \t\r\n"


class Element:
    """An element, its names as JSON has them."""

    __slots__ = ("attributes", "children", "is_nil", "is_own", "name", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.is_own = ":" in name
        """Whether it is somebody's own, and none of the standard's."""
        self.is_nil = False
        """Whether it says that it says nothing (`xsi:nil`)."""
        self.children: list[Element] = []
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        """Its own text, without white space around it."""
        return "".join(self.pieces).strip(_SPACE)
