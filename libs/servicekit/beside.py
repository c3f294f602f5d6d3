"""Long computations beside the service, in a process of its own: Python computes on one core at a time.

The process starts when it is first needed. It ends with the service however that ends, for it reads what to do from a
pipe that nobody else holds open. It has no connection, no keys and no state: what it is given is all it knows.
"""

import gc
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from inspect import isgenerator
from typing import Any, BinaryIO, Final, TypeVar, cast

T = TypeVar("T")

_LENGTH: Final = struct.Struct(">Q")
_PART, _ASK, _END, _RAISED = range(4)
_END_WAIT: Final = 5.0


class Gone(ConnectionError):
    """The process has ended before it was done: start anew."""


class Beside:
    """A process, for one computation at a time; threads wait for each other."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def open(cls, _: object) -> "Beside":
        """As a resource of a service."""
        return cls()

    def run(self, function: Callable[..., T], *args: Any, answer: Callable[[Any], Any] | None = None) -> T:
        """What a function makes of its arguments there; what it asks (`ask`) is answered here. Raises what it raises,
        and `Gone`.
        """
        talk = self._talk(function, args, answer or _nothing)
        while True:
            try:
                next(talk)
            except StopIteration as end:
                return end.value

    def stream(
        self, function: Callable[..., Iterator[T]], *args: Any, answer: Callable[[Any], Any]
    ) -> Generator[T, None, None]:
        """What a generator makes there, as it goes on; what it asks (`ask`) is answered here. Raises `Gone`."""
        yield from self._talk(function, args, answer)

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                cast("BinaryIO", pipe).close()
        try:
            process.wait(_END_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _talk(
        self, function: Callable[..., Any], args: tuple[Any, ...], answer: Callable[[Any], Any]
    ) -> Generator[Any, None, Any]:
        with self._turn:
            process = self._process = self._process or _start()
            there, here = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
            done = False
            try:
                _send(there, (function, args))
                while True:
                    kind, value = _receive(here)
                    if kind == _PART:
                        yield value
                    elif kind == _ASK:
                        _send(there, answer(value))
                    else:
                        done = True
                        break
            except (OSError, EOFError) as error:
                raise Gone(f"the process beside has ended: {error}") from error
            finally:
                if not done:
                    self.close()
        if kind == _RAISED:
            cls, arguments, fields = value
            error = cls.__new__(cls, *arguments)
            error.__dict__.update(fields)
            raise error
        return value


def ask(question: Any) -> Any:
    """In the process: what the other side answers."""
    _send(_out(), (_ASK, question))
    return _receive(_in())


def _nothing(_: Any) -> None:
    return None


def _start() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 # ourselves


def _send(pipe: BinaryIO, value: Any) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: BinaryIO) -> Any:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return pickle.loads(_exactly(pipe, length))  # noqa: S301 # from ourselves, over a pipe that is nobody else's


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError("nothing more comes")
    return data


def _in() -> BinaryIO:
    return sys.stdin.buffer


def _out() -> BinaryIO:
    return _pipes[0]


_pipes: list[BinaryIO] = []


def serve() -> None:
    """In the process: do what is asked until nobody is there to ask."""
    # Ctrl-C is sent to all that run in a terminal; this process ends when the service lets go of its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever prints must not print among the answers.
    _pipes.append(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    # What is made for an answer lives until the answer is sent: nothing of it is to be found before.
    gc.disable()
    while True:
        gc.collect()
        gc.freeze()
        try:
            function, args = _receive(_in())
        except EOFError:
            return
        try:
            made = function(*args)
            if isgenerator(made):
                for part in made:
                    _send(_out(), (_PART, part))
                made = None
            _send(_out(), (_END, made))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 # it is raised where it was asked for
            # Not by what the class is called with, which nobody knows.
            _send(_out(), (_RAISED, (type(error), error.args, error.__dict__)))
