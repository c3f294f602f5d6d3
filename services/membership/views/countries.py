"""Where members live who have moved since they joined: the newest country, sealed."""

from libs.eventlog import Recorded, Tx, View
from services.membership.domain.events import CountryChanged
from services.membership.views.moments import micros


def _changed(tx: Tx, recorded: Recorded[CountryChanged]) -> None:
    event = recorded.event
    programme, member, since = recorded.meta.programme, str(event.member), micros(event.effective_time)
    later = tx.one(
        "SELECT 1 FROM view_countries WHERE programme = ? AND member = ? AND since > ?", (programme, member, since)
    )
    if later is not None:
        return  # what was told late, of a time before the newest
    tx.run("DELETE FROM view_countries WHERE programme = ? AND member = ?", (programme, member))
    tx.run(
        "INSERT INTO view_countries (programme, member, since, country) VALUES (?, ?, ?, ?)",
        (programme, member, since, event.country),
    )


COUNTRIES = View(
    "countries",
    [
        "CREATE TABLE IF NOT EXISTS view_countries (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " since BIGINT NOT NULL, country TEXT NOT NULL, PRIMARY KEY (programme, member))"
    ],
    own={CountryChanged: _changed},
)
