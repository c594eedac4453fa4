"""The page of the claims: verdicts first, then every claim with its rule, and the tables that they rest on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from earfield.claims.evidence import Evidence, rows
from earfield.claims.rules import VERDICTS
from earfield.claims.sentences import BEYOND
from earfield.claims.wording import in_words
from earfield.files.templates import render

if TYPE_CHECKING:
    from earfield.claims.judge import Claim

_FEW_SEEDS = 5


def claims_page(evidence: Evidence, claims: "Sequence[Claim]") -> str:
    """Return the page in Markdown, with a line break at its end."""
    settings, summary = evidence.settings, evidence.tables["summary"]
    seeds = evidence.shown("summary").seeds
    costs = rows(summary, protocol=settings.protocol) if {"train_seconds", "peak_mb"} <= set(summary) else summary[:0]
    most = summary.groupby("protocol", sort=False).agg(
        {"seeds": "max", "n_tracks": "max", "n_predictions": "max", "baseline": "mean"}
    )
    return render(
        __file__,
        evidence=evidence,
        settings=settings,
        claims=claims,
        parts=[
            [each for each in claims if each.sentence.place != BEYOND],
            [each for each in claims if each.sentence.place == BEYOND],
        ],
        verdicts=VERDICTS,
        left_out=len(evidence.songs) - len(evidence.usable),
        protocols=summary.protocol.unique(),
        accuracy=_accuracy(evidence),
        most=most.reset_index().to_dict("records"),
        recall=_records(evidence.shown("recall").sort_values(["recall", "label"], kind="stable")),
        pairs=_records(rows(evidence.tables["paired"], model=settings.model)),
        costs=[] if costs.empty else costs.dropna(subset=["train_seconds", "peak_mb"]).to_dict("records"),
        references=evidence.tables["references"].to_dict("records"),
        few_seeds=int(seeds.iloc[0]) if len(seeds) and seeds.iloc[0] < _FEW_SEEDS else None,
        in_words=in_words,
    )


def _records(table: Any) -> list[Any]:
    return [row for _, row in table.iterrows()]


def _accuracy(evidence: Evidence) -> dict[str, list[str]]:
    """Return the accuracy of each model under each protocol, in words; empty where it was not run."""
    table = evidence.tables["summary"]
    cells = {(row.model, row.protocol): in_words(row, unit="fraction", value="accuracy") for row in table.itertuples()}
    return {
        model: [cells.get((model, protocol), "") for protocol in table.protocol.unique()]
        for model in table.model.unique()
    }
