"""What is generated and committed is what would be generated now."""

import shutil
import subprocess
import sys
from pathlib import Path

from docs import plan_schema, rules
from docs.events import PAGE, page

ROOT = Path(__file__).parents[1]


def test_the_stubs_are_those_of_the_protos(tmp_path: Path) -> None:
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "protos").rglob("*.proto"))
    scripts = Path(sys.executable).parent
    subprocess.run(
        [
            sys.executable,
            *("-m", "grpc_tools.protoc", "-I", "protos", f"--python_out={tmp_path}", f"--grpc_python_out={tmp_path}"),
            *(f"--plugin=protoc-gen-mypy={scripts}/protoc-gen-mypy", f"--mypy_out=quiet:{tmp_path}"),
            *(f"--plugin=protoc-gen-mypy_grpc={scripts}/protoc-gen-mypy_grpc", f"--mypy_grpc_out=quiet:{tmp_path}"),
            *protos,
        ],
        cwd=ROOT,
        check=True,
    )
    committed = ROOT / "libs" / "sdk" / "fenxiao" / "api"
    expected = {path.relative_to(tmp_path / "fenxiao" / "api"): path for path in tmp_path.rglob("*_pb2*")}
    found = {path.relative_to(committed): path for path in committed.rglob("*_pb2*.py*") if path.suffix != ".pyc"}
    assert shutil.which("protoc-gen-mypy", path=str(scripts))
    assert found.keys() == expected.keys()
    stale = [str(name) for name in found if found[name].read_bytes() != expected[name].read_bytes()]
    assert not stale, f"run `make protos`: {stale}"


def test_the_page_of_events_is_that_of_the_wiring() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_schema_of_plans_is_that_of_the_model() -> None:
    assert plan_schema.PAGE.read_text(encoding="utf-8") == plan_schema.page(), "run `make docs`"


def test_the_page_of_rules_is_that_of_the_packs() -> None:
    assert rules.PAGE.read_text(encoding="utf-8") == rules.page(), "run `make docs`"
