"""What a scenario has shown, in English or Chinese, on stdout."""

from rich.console import Console
from rich.markup import escape

from fenxiao.cli.texts import t
from libs.localnet.steps import Demo, Scenario


def show(scenario: Scenario, demo: Demo, language: str) -> None:
    """Print what was found to be so, and whatever else the scenario has to say."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]{escape(scenario.title.in_(language))}[/]")
    for words in demo.shown:
        console.print(f"[green]✓[/] {escape(words.in_(language))}")
    console.print(f"[dim]{t('It took {seconds} s.').format(seconds=f'{sum(demo.seconds.values()):.1f}')}[/]")
    scenario.summary(demo, language)
