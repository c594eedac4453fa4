"""The page of the claims: verdicts first, then every claim with its rule, and the tables that they rest on."""

from collections.abc import Iterator, Sequence

from earfield.claims.evidence import BEYOND, VERDICTS, Claim, Evidence, in_words, rows
from earfield.files.markdown import counted, markdown_table, percent, plain

_PAPER = (
    "Dong (2018), [Convolutional Neural Network Achieves Human-level Accuracy in Music Genre "
    "Classification](https://arxiv.org/abs/1802.09697)"
)
_ORIGIN = {
    "gtzan": "GTZAN, excerpts of recorded music",
    "demo": "music made by code",
    "files": "songs that the owner of this run supplied",
}
_LIMITS = {
    "gtzan": "Whether a label is right. Labels are the opinion of whoever collected the tracks, and GTZAN's have "
    "[known faults](https://arxiv.org/abs/1306.1461).",
    "demo": "Anything about real music or real genres: recipes made these tracks, of which the paper does not speak.",
    "files": "Whether a label is right, and whether the paper's music was like this. Who sorted these songs, and how, "
    "is unknown here.",
}
_WARNING = {"demo": "> This music was made by code. A verdict here is of what models do with it, not of real genres."}
_FEW_SEEDS = 5


def claims_page(evidence: Evidence, claims: Sequence[Claim]) -> str:
    """Return the page.

    Parameters
    ----------
    evidence : Evidence
        What was judged by.
    claims : sequence of Claim
        From `earfield.claims.paper_claims.judge`.

    Returns
    -------
    str
        Markdown, with a line break at its end.
    """
    ours = [each for each in claims if each.question.place == BEYOND]
    papers = [each for each in claims if each.question.place != BEYOND]
    sections = [
        f"# What holds of the paper's claims: {plain(evidence.dataset)}",
        f"**Of {counted(len(papers), 'claim')} of the paper {_verdicts(papers)}.** Of "
        f"{counted(len(ours), 'further one')} {_verdicts(ours)}.",
        _WARNING.get(evidence.source, ""),
        _what_was_judged(evidence),
        _overview(claims),
        "## What the paper claims",
        *map(_section, papers),
        "## What it does not ask",
        *map(_section, ours),
        "## Accuracy",
        *_accuracy(evidence),
        *_recall(evidence),
        *_pairs(evidence),
        *_costs(evidence),
        "## What others reported",
        *_others(evidence),
        "## What this data cannot tell",
        _limits(evidence),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _verdicts(claims: Sequence[Claim]) -> str:
    """Count the claims of each verdict."""
    numbers = [sum(each.verdict == verdict for each in claims) for verdict in VERDICTS]
    holds, fails, untold = numbers
    return (
        f"{holds} {'holds' if holds == 1 else 'hold'}, {fails} {'does' if fails == 1 else 'do'} not hold, {untold} "
        "cannot be told from this data"
    )


def _what_was_judged(evidence: Evidence) -> str:
    usable = evidence.usable
    left_out = len(evidence.songs) - len(usable)
    text = (
        f"The paper is {_PAPER}. The data are {plain(evidence.dataset)}, {_ORIGIN[evidence.source]}: "
        f"{counted(len(usable), 'track')} of {counted(usable.label.nunique(), 'label')}"
        + (f", {left_out} more left out. " if left_out else ". ")
    )
    return text + (
        f"Claims are judged by {plain(evidence.model)} under the protocol {plain(evidence.protocol)}, unless they say "
        "otherwise. Each has a rule; intervals are of 95%, in brackets. No number here is typed: the page is made of "
        "the tables of results."
    )


def _overview(claims: Sequence[Claim]) -> str:
    lines = [
        [f"**{each.verdict}**", plain(each.question.sentence), plain(each.number), plain(each.question.measure)]
        for each in claims
    ]
    return markdown_table(["verdict", "claim", "our number", "which is"], lines)


def _section(claim: Claim) -> str:
    question = claim.question
    counts = [
        counted(number, noun)
        for number, noun in ((claim.tracks, "track"), (claim.tests, "test"), (claim.seeds, "seed"))
        if number is not None
    ]
    facts = {
        "Our number": f"{question.measure}: {claim.number}" if claim.number else f"none of: {question.measure}",
        "Held against": claim.baseline,
        "Measured on": ", ".join([*counts, f"protocol {claim.protocol}"]),
        "Rule": question.rule,
        "Where": question.place,
    }
    lines = [f"- *{name}:* {plain(fact)}" for name, fact in facts.items() if fact]
    return "\n\n".join(
        [f"### {plain(question.sentence)}", f"**{claim.verdict}:** {plain(claim.reason)}", "\n".join(lines)]
    )


def _accuracy(evidence: Evidence) -> Iterator[str]:
    table = evidence.summary
    protocols, models = table.protocol.unique(), table.model.unique()
    if table.empty:
        yield "There is no run."
        return

    def cell(protocol: str, model: str) -> str:
        own = rows(table, protocol=protocol, model=model)
        return "" if own.empty else in_words(*own.iloc[0][["accuracy", "low", "high"]], unit="share")

    lines = [[plain(model), *(cell(protocol, model) for protocol in protocols)] for model in models]
    yield "On test tracks, over all seeds. A cell is empty where a model was not run."
    yield markdown_table(["model", *map(plain, protocols)], lines)
    yield "What they rest on, for the model of each protocol that was run most:"
    most = table.groupby("protocol", sort=False).agg(
        {"seeds": "max", "tracks": "max", "tests": "max", "baseline": "mean"}
    )
    yield markdown_table(
        ["protocol", "seeds", "tracks tested", "tests", "always naming the commonest label"],
        [
            [plain(row.Index), f"{row.seeds:.0f}", f"{row.tracks:.0f}", f"{row.tests:.0f}", percent(row.baseline)]
            for row in most.itertuples()
        ],
    )


def _recall(evidence: Evidence) -> Iterator[str]:
    table = evidence.shown(evidence.recall).sort_values(["recall", "label"], kind="stable")
    if table.empty:
        return
    yield f"### Recall of each label, {plain(evidence.model)}, {plain(evidence.protocol)}"
    yield markdown_table(
        ["label", "recall", "tracks", "tests"],
        [
            [
                plain(row.label),
                in_words(row.recall, row.low, row.high, unit="share"),
                f"{row.tracks:.0f}",
                f"{row.tests:.0f}",
            ]
            for row in table.itertuples()
        ],
    )


def _pairs(evidence: Evidence) -> Iterator[str]:
    table = rows(evidence.paired, model=evidence.model)
    if table.empty:
        return
    yield f"### {plain(evidence.model)} against the others, on the same tests"
    yield markdown_table(
        ["protocol", "other", "its accuracy", f"{plain(evidence.model)} less that", "p", "tracks they disagree on"],
        [
            [
                plain(row.protocol),
                plain(row.other),
                percent(row.other_accuracy),
                in_words(row.difference, row.low, row.high, unit="points"),
                f"{row.p_value:.3g}",
                f"{row.tracks_disagreed:.0f} of {row.tracks:.0f}",
            ]
            for row in table.itertuples()
        ],
    )


def _costs(evidence: Evidence) -> Iterator[str]:
    table = evidence.summary
    if not {"train_seconds", "peak_mb"} <= set(table):
        return
    table = rows(table, protocol=evidence.protocol).dropna(subset=["train_seconds", "peak_mb"])
    if table.empty:
        return
    yield f"### What a run costs, {plain(evidence.protocol)}"
    yield markdown_table(
        ["model", "time [s]", "memory [MB]"],
        [[plain(row.model), f"{row.train_seconds:.1f}", f"{row.peak_mb:.0f}"] for row in table.itertuples()],
    )


def _others(evidence: Evidence) -> Iterator[str]:
    if evidence.references.empty:
        yield "Nothing to show."
        return
    yield "Other tracks, other splits, mostly no interval: for orientation, not for comparison."
    yield markdown_table(
        ["who", "accuracy", "by", "data", "genres", "measured how", "source"],
        [
            [
                plain(row["name"]),
                percent(row.accuracy),
                plain(row.kind),
                plain(row.dataset),
                plain(row.genres),
                plain(row.protocol),
                f"[{plain(row.source)}](<{row.url}>)",
            ]
            for _, row in evidence.references.iterrows()
        ],
    )


def _limits(evidence: Evidence) -> str:
    seeds = evidence.shown(evidence.summary).seeds
    limits = [
        _LIMITS[evidence.source],
        "How a network does on music unlike this. Intervals hold for other splits, other initial weights and other "
        "tracks of the same collection.",
        "How people would do here: nobody was asked to label these tracks.",
        "That every verdict is right. An interval misses the truth in one of twenty cases, and no rule is corrected "
        "for the number of claims.",
    ]
    if len(seeds) and seeds.iloc[0] < _FEW_SEEDS:
        limits.append(f"Well how far networks differ from each other, from only {counted(int(seeds.iloc[0]), 'seed')}.")
    return "\n".join(f"- {limit}" for limit in limits)
