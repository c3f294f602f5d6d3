"""Refusals in Chinese: every reason code in the sources has its sentence, and the command line shows it.

The sources are searched, not run. A reason is an UPPER_CASE constant
- among the arguments of whatever has a parameter or field called `reason` or `rule`, or is made from such a class,
- that is assigned to such a name,
- or that stands before its message in a tuple.
What follows it is the message.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from fenxiao.cli import app, output, texts
from fenxiao.cli.refusals import chinese_texts, refusal_text
from fenxiao.errors import Refusal

ROOT = Path(__file__).parents[3]

_REASON = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_PARAMETERS = {"reason", "rule"}
_OTHERS = {"PydanticCustomError"}
_NO_REASONS = {"RST_STREAM"}
"""Look so, and are something else."""

Functions = ast.FunctionDef | ast.AsyncFunctionDef
Messages = dict[str, set[str | None]]
"""Each reason with the messages that it comes with; None for one that is not the same text every time."""


def sources() -> list[ast.Module]:
    """The repository's code: no tests, nothing generated."""
    files = [path for folder in ("libs", "services") for path in (ROOT / folder).rglob("*.py")]
    return [
        ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in sorted(files)
        if "tests" not in path.parts and not path.stem.endswith(("_pb2", "_pb2_grpc"))
    ]


def collect(trees: Sequence[ast.Module]) -> Messages:
    """Every reason in the code."""
    found: Messages = defaultdict(set)
    takers = _takers(trees)
    for tree in trees:
        constants = _assigned(tree.body)
        for scope in ast.walk(tree):
            if isinstance(scope, ast.Module | ast.ClassDef | Functions):
                local = _assigned(ast.walk(scope))
                for value, behind in _pairs(scope, takers, local):
                    for reason in constants.get(value.id, []) if isinstance(value, ast.Name) else [value]:
                        text = _text(reason)
                        if _REASON.fullmatch(text) and text not in _NO_REASONS:
                            found[text].add(_message(behind, local))
    return found


def _takers(trees: Iterable[ast.Module]) -> set[str]:
    """Names of the functions and classes that take a reason."""
    takers, bases = {"__init__", *_OTHERS}, dict[str, set[str]]()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, Functions) and _parameters(node) & _PARAMETERS:
                takers.add(node.name)
            elif isinstance(node, ast.ClassDef):
                bases[node.name] = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                fields = {ast.unparse(part.target) for part in node.body if isinstance(part, ast.AnnAssign)}
                made = [_parameters(part) for part in node.body if isinstance(part, Functions) and "init" in part.name]
                if _PARAMETERS & fields.union(*made):
                    takers.add(node.name)
    while more := {name for name, above in bases.items() if above & takers} - takers:
        takers |= more
    return takers


def _parameters(function: Functions) -> set[str]:
    return {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}


def _pairs(
    scope: ast.AST, takers: set[str], local: dict[str, list[ast.expr]]
) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """What may be a reason, each with what stands behind it."""
    for node in _inside(scope):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in takers:
                yield from pairwise([*node.args, None])  # pyright: ignore[reportReturnType] - None comes last
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name), *_])], value=ast.Tuple(elts=[value, behind])):
                if name in _PARAMETERS:
                    yield value, behind
            case ast.Tuple():
                yield from (pair for pair in pairwise(node.elts) if _is_sentence(pair[1], local))
            case _:
                pass


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """All of a scope but what is in the scopes in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.ClassDef | Functions):
            yield child
            yield from _inside(child)


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What is assigned to each name."""
    values: dict[str, list[ast.expr]] = defaultdict(list)
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                values[name].append(value)
            case _:
                pass
    return values


def _text(value: ast.AST | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _is_sentence(value: ast.expr, local: dict[str, list[ast.expr]]) -> bool:
    if isinstance(value, ast.Name):
        return any(_is_sentence(one, {}) for one in local.get(value.id, []))
    return isinstance(value, ast.JoinedStr) or " " in _text(value)


def _message(value: ast.expr | None, local: dict[str, list[ast.expr]]) -> str | None:
    """The message, if it is the same text every time; of a name, what was assigned to it last."""
    if isinstance(value, ast.Name):
        before = [one for one in local.get(value.id, []) if one.lineno <= value.lineno]
        value = max(before, key=lambda one: one.lineno, default=None)
    text = _text(value)
    return text if text and "{" not in text else None  # braces are in templates


# --- the catalogue


@pytest.fixture(scope="module")
def in_code() -> Messages:
    return collect(sources())


def test_every_reason_has_its_chinese_text(in_code: Messages) -> None:
    missing = {reason: found for reason, found in in_code.items() if reason not in chinese_texts()}
    assert missing == {}, "add these to fenxiao/cli/refusals_zh.toml"


def test_every_chinese_text_has_its_reason(in_code: Messages) -> None:
    assert sorted(chinese_texts().keys() - in_code.keys()) == [], "nothing is refused for these any more"


def test_the_english_follows_where_it_says_more(in_code: Messages) -> None:
    """Where there is one message, and that fixed, the Chinese says it all and ends; else it goes on."""
    wanted = {reason: "。" if len(found) == 1 and None not in found else "：" for reason, found in in_code.items()}
    wrong = {
        reason: wanted[reason]
        for reason, text in chinese_texts().items()
        if reason in wanted and not text.endswith(wanted[reason])
    }
    assert wrong == {}, "these texts must end so"


def test_the_texts_are_chinese() -> None:
    # Latin letters are names and commands only; punctuation is full-width.
    for reason, text in chinese_texts().items():
        assert re.search(r"[\u4e00-\u9fff]", text), reason
        assert not re.search(r"[\u4e00-\u9fff][,.;:!?]", text), reason


# --- the search


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('raise Refusal("IT_IS", "Text.")', "Text."),
        ('raise Refusal("IT_IS", f"{text}.", field="f")', None),
        ('def f():\n  message = "Text."\n  raise Misuse("IT_IS", message)', "Text."),
        ('def f():\n  m = "A."\n  raise Refusal("IT_IS", m)\n  m = f"{x}"\n  raise Refusal("THAT", m)', "A."),
        ('REASON: Final = "IT_IS"\nraise Refusal(REASON, str(error))', None),
        ('PlanError.one(pointer(path), "IT_IS", "Text.")', "Text."),
        ('[PlanIssue(path, "IT_IS", f"{name!r} is.") for name in names]', None),
        ('found.append((f"{place}/end", "IT_IS", "Some text."))', "Some text."),
        ('REASONS = {"missing": ("IT_IS", "Some text.")}', "Some text."),
        ('if odd:\n  reason, message = "IT_IS", error.text', None),
        ('raise PydanticCustomError("IT_IS", "{shown} is no URI", shown)', None),
        ('def refuse(line, reason, text): ...\nclass C:\n  x = [refuse(1, "IT_IS", "Text.")]', "Text."),
    ],
)
def test_a_new_reason_is_found_wherever_it_stands(code: str, message: str | None) -> None:
    classes = """
class Refusal(Exception):
    def __init__(self, reason, message): ...
class Misuse(exits.Refusal): ...
class PlanIssue:
    path: str
    reason: str
class PlanError(Refusal):
    def one(cls, path, reason, message): ...
"""
    found = collect([ast.parse(classes), ast.parse(code)])
    assert found["IT_IS"] == {message}


def test_what_is_no_reason_is_left_alone() -> None:
    code = """
class Refusal(Exception):
    def __init__(self, reason, message): ...
URL = os.environ.get("FENXIAO_RPC_URL", "none")
row = ("GBP", currency)
tx.run("SELECT", (1,))
raise Refusal(answer.reason, answer.message)
"""
    assert collect([ast.parse(code)]) == {}


# --- what people see


@pytest.fixture
def zh() -> Iterator[None]:
    texts.use("zh")
    yield
    texts.use("en")


@pytest.mark.usefixtures("zh")
def test_a_refusal_is_said_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_refusal(Refusal("OPERATORS_ONLY", "only an operator can open a programme"), 4, as_json=False)
    said = capsys.readouterr().err
    assert said.startswith("✗ 只有运营方")
    assert said.endswith("。 [OPERATORS_ONLY]\n")


@pytest.mark.usefixtures("zh")
def test_figures_and_names_follow_in_english() -> None:
    said = refusal_text("RETURN_EXCEEDS_SALE", "Only 12.50 of the sale is left to return.")
    assert said.startswith("退货金额超过")
    assert said.endswith("：Only 12.50 of the sale is left to return.")


@pytest.mark.usefixtures("zh")
def test_a_reason_that_is_not_known_here_keeps_its_message() -> None:
    assert refusal_text("OF_A_NEWER_SERVICE", "Something new.") == "Something new."


def test_in_english_nothing_changes() -> None:
    texts.use("en")
    assert refusal_text("OPERATORS_ONLY", "only an operator can") == "only an operator can"


def test_programs_read_the_same_in_every_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = list[str]()
    for language in ("en", "zh"):
        assert app.run(["status", "--home", str(tmp_path), "--json", "--lang", language]) == 3
        said.append(capsys.readouterr().err)
    texts.use("en")
    assert said[0] == said[1]


def test_issues_of_a_plan_are_shown_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.yaml").write_text("plan: &name Gifts\n", encoding="utf-8")
    assert app.run(["plan", "validate", str(tmp_path / "plan.yaml"), "--offline", "--lang", "zh"]) == 1
    texts.use("en")
    out = capsys.readouterr().out
    assert "不允许使用锚点与别名" in out
    assert "Anchors" not in out
