"""`fenxiao epcis convert`: a document written in the other form, here."""

# ruff: noqa: PLC0415 - loaded at every call; the parsers only when the command runs

import json
import shutil
import sys
import tempfile
from enum import StrEnum
from typing import Annotated

import typer

from fenxiao.cli.arguments import IN_MEMORY, ProfileName, ProfileOption, check_files, opened
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t


class FormName(StrEnum):
    """The names of `fenxiao.epcis.converting.Form`, without loading it."""

    JSON = "json"
    XML = "xml"


def convert(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help=t("An EPCIS document in XML or JSON; - is the standard input."))
    ],
    to: Annotated[FormName | None, typer.Option("--to", help=t("The form to write; the other one by default."))] = None,
    profile: ProfileOption = ProfileName.STRICT,
) -> None:
    """Print the document anew, once all of it has been found right."""
    from fenxiao.epcis import Form, Profile
    from fenxiao.epcis import convert as written
    from fenxiao.epcis.xml import is_xml

    check_files([file])
    as_json = Session.of(context).as_json
    with opened(file) as (source, _), tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8") as waiting:
        form = Form(to.value) if to else Form.JSON if is_xml(source) else Form.XML
        for piece in written(source, form, Profile(profile.value)):
            waiting.write(json.dumps(piece, ensure_ascii=False)[1:-1] if as_json and form is Form.XML else piece)
        waiting.seek(0)
        if as_json:
            quote = '"' if form is Form.XML else ""
            about = json.dumps({"file": file, "to": form.value}, ensure_ascii=False)
            sys.stdout.write(f'{about[:-1]}, "document": {quote}')
            shutil.copyfileobj(waiting, sys.stdout)
            sys.stdout.write(f"{quote}}}\n")
        else:
            shutil.copyfileobj(waiting, sys.stdout)
