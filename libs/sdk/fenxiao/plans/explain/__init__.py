"""Why a line is what it is: one sentence in English, one in Chinese. Pure; the service and simulations say the same."""

from fenxiao.plans.explain.derivation import Derivation, Words
from fenxiao.plans.explain.sentence import TakenBack, explain, explain_correction, explain_taken_back, rule_texts

__all__ = [
    "Derivation",
    "TakenBack",
    "Words",
    "explain",
    "explain_correction",
    "explain_taken_back",
    "rule_texts",
]
