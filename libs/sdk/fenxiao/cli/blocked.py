"""What to do when a distribution is not paid: the runbook's next step, by what the bridge says is in the way."""

from typing import Final

RUNBOOK: Final = "docs/runbooks/a-distribution-is-blocked.md"

_UNPAYABLE: Final = "Have the payees bind other wallets; the next distribution pays them there."
_CONTRADICTION: Final = "Stop: compare with `fenxiao verify` what stands on chain, and ask the guardian."

STEPS: Final = {
    "keep their credit": f"The others are paid. {_UNPAYABLE}",
    "the vault is short of": "Put what is missing into the vault for this programme.",
    "the vault is paused": "Find out who paused the vault and why; its admin ends the pause.",
    "the vault does not allow the token": "Have the vault's admin allow the token.",
    "lacks the role": "Have the vault's admin make the bridge's account a proposer, or give the bridge its right key.",
    "too little to pay for gas": "Send the bridge's account native coin for gas.",
    "it is not for the vault": "Connect the bridge to the vault and the chain that the programme's asset names.",
    "cannot be paid": _UNPAYABLE,
    "the token refused the transfer": _UNPAYABLE,
    "the token moved": _UNPAYABLE,
    "the newest root on chain is": _CONTRADICTION,
    "the chain already has distribution": _CONTRADICTION,
    "has vetoed the root": _CONTRADICTION,
    "the total would fall": _CONTRADICTION,
    "the root is empty": _CONTRADICTION,
    "the proof does not fit": _CONTRADICTION,
    "are left of the root's total": _CONTRADICTION,
    "was mined and reverted": "Look at the transaction: it has reverted, although its trials went well.",
}
"""By words that stand in the problem. The first that fit count: the reason of a payee may be quoted behind another."""


def next_step(problem: str) -> str:
    """Give what to do next, in English; `t` has it in the language spoken."""
    return next((step for words, step in STEPS.items() if words in problem), "Look into the bridge's log.")
