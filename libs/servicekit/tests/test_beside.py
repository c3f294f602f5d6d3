"""The process beside: answers, exceptions, streams, and that it ends with who has started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from fenxiao.errors import Refusal
from libs.servicekit.beside import Beside, Gone, ask


def double(number: int) -> int:
    print("this must not come among the answers")
    return number * 2


def where() -> int:
    return os.getpid()


def refuse() -> None:
    raise Refusal("NO", "because", field="this")


def end() -> None:
    os._exit(1)


def pieces(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield ask(number)


def endless() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


@pytest.fixture
def beside() -> Iterator[Beside]:
    one = Beside()
    yield one
    one.close()


def test_it_computes_elsewhere(beside: Beside) -> None:
    assert beside.run(double, 21) == 42
    there = beside.run(where)
    assert there not in (os.getpid(), None)
    assert beside.run(where) == there


def test_what_is_raised_there_is_raised_here_and_it_goes_on(beside: Beside) -> None:
    there = beside.run(where)
    with pytest.raises(Refusal) as refused:
        beside.run(refuse)
    assert (refused.value.reason, refused.value.field) == ("NO", "this")
    assert beside.run(where) == there


def test_threads_take_turns(beside: Beside) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(partial(beside.run, double), range(8))] == [n * 2 for n in range(8)]


def test_a_stream_asks_and_is_answered(beside: Beside) -> None:
    assert [*beside.stream(pieces, 5, answer=lambda number: b"x" * number)] == [b"x" * n for n in range(5)]
    assert beside.run(double, 1) == 2


def test_a_stream_that_is_left_is_forgotten(beside: Beside) -> None:
    stream = beside.stream(endless, answer=lambda _: None)
    assert [next(stream), next(stream)] == [0, 1]
    stream.close()
    assert beside.run(double, 1) == 2


def test_an_answer_that_fails_ends_the_stream(beside: Beside) -> None:
    def fail(_: int) -> bytes:
        raise ValueError("no such piece")

    with pytest.raises(ValueError, match="no such piece"):
        list(beside.stream(pieces, 5, answer=fail))
    assert beside.run(double, 1) == 2


def test_one_that_dies_is_told_and_the_next_is_a_new_one(beside: Beside) -> None:
    with pytest.raises(Gone):
        beside.run(end)
    assert beside.run(double, 3) == 6


def test_it_dies_with_who_has_started_it(tmp_path: Path) -> None:
    script = (
        "import time\n"
        "from libs.servicekit.beside import Beside\n"
        "from libs.servicekit.tests.test_beside import where\n"
        "print(Beside().run(where), flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, cwd=tmp_path)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or ") Z " not in stat.read_text()
