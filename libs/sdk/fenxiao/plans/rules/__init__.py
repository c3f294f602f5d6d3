"""Rule packs: what the law asks of a plan before it is published, and of the network while it runs. No legal advice."""

from fenxiao.plans.rules.alarms import Subject, changes, subject_of, year_before
from fenxiao.plans.rules.facts import facts_of
from fenxiao.plans.rules.findings import Finding, Override, check_plan, refuse, watch
from fenxiao.plans.rules.limits import factor_of, limited
from fenxiao.plans.rules.pack import EVERYWHERE, Pack, Rule, Severity, load_pack, pack_names, packs_of
from fenxiao.plans.rules.watching import Facts, Money

__all__ = [
    "EVERYWHERE",
    "Facts",
    "Finding",
    "Money",
    "Override",
    "Pack",
    "Rule",
    "Severity",
    "Subject",
    "changes",
    "check_plan",
    "factor_of",
    "facts_of",
    "limited",
    "load_pack",
    "pack_names",
    "packs_of",
    "refuse",
    "subject_of",
    "watch",
    "year_before",
]
