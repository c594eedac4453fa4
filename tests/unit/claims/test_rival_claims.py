"""Verdicts on variants of the network, which are claims only if they were run."""

import math

import pandas as pd
import pytest

from earfield.claims.baseline_claims import own_variants, papers_rivals

HOLDS, FAILS, UNTOLD = "holds", "does not hold", "cannot be told from this data"


class Tables:
    """As much of the evidence as these claims read."""

    model, protocol, artists_apart = "cnn", "stratified", "artist"

    def __init__(self, *pairs):
        columns = ["protocol", "model", "other", "difference", "low", "high", "other_accuracy", "p_value"]
        rows = [("stratified", "cnn", *each, 0.5, 0.0123) for each in pairs]
        counts = {"tracks_disagreed": 41, "tracks": 90, "tests": 100, "seeds": 3}
        self.whole_track = {}
        self.paired = pd.DataFrame(rows, columns=columns).assign(**counts)


def test_variants_that_were_not_run_are_no_claims():
    assert own_variants(Tables()) == []
    assert [each.question.claim for each in own_variants(Tables(("cnn_decibels", 0, -0.1, 0.1)))] == ["scale"]
    assert [each.verdict for each in papers_rivals(Tables())] == [UNTOLD]


@pytest.mark.parametrize(
    ("pairs", "claim", "verdict"),
    [
        ([("cnn_author", 0.05, -0.02, 0.12)], "own_recipe", HOLDS),
        ([("cnn_author", -0.05, -0.09, -0.01)], "own_recipe", FAILS),
        ([("cnn_author", -0.02, -0.03, -0.01)], "own_recipe", UNTOLD),
        ([("cnn_author", 0.0, -0.05, 0.05)], "own_recipe", UNTOLD),
        ([("cnn_32", 0.1, 0.05, 0.15), ("cnn_96", 0.0, -0.02, 0.02)], "first_layer", HOLDS),
        # One of two says nothing of the other, unless it is better.
        ([("cnn_32", 0.1, 0.05, 0.15)], "first_layer", UNTOLD),
        ([("cnn_96", -0.1, -0.15, -0.05)], "first_layer", FAILS),
        ([("cnn_32", math.nan, math.nan, math.nan)], "first_layer", None),
    ],
)
def test_verdict(pairs, claim, verdict):
    found = {each.question.claim: each for each in own_variants(Tables(*pairs))}
    assert (found[claim].verdict if found else None) == verdict


def test_number_is_the_gain_of_the_variant_that_comes_out_best():
    (claim,) = own_variants(Tables(("cnn_1s", 0.2, 0.1, 0.3), ("cnn_12s", -0.08, -0.12, -0.04)))
    assert (claim.value, claim.low, claim.high) == (0.08, 0.04, 0.12)
    assert claim.question.claim == "segment_length" and claim.tests == 100
    assert claim.reason == (
        "cnn is better than cnn_1s, worse than cnn_12s. They disagree on 41 tracks (p = 0.0123), 41 tracks "
        "(p = 0.0123). Not run here: cnn_6s."
    )


def test_a_better_variant_is_the_one_shown():
    (claim,) = own_variants(
        Tables(("cnn_1s", -0.05, -0.08, -0.02), ("cnn_6s", -0.01, -0.09, 0.07), ("cnn_12s", 0.1, 0, 0.2))
    )
    assert (claim.verdict, claim.value, claim.low, claim.high) == (FAILS, 0.05, 0.02, 0.08)


@pytest.mark.parametrize(
    ("gaussian", "gmm", "knn", "verdict", "value"),
    [
        ((0.02, 0.011, 0.029), None, None, UNTOLD, 0.02),  # surely beaten, if by little
        ((0.02, 0.011, 0.029), (0.03, -0.002, 0.062), (0.1, 0.05, 0.15), UNTOLD, 0.03),
        ((0.02, 0.011, 0.029), (0.03, 0.002, 0.062), (0.1, 0.05, 0.15), HOLDS, 0.03),
        ((0.01, -0.009, 0.029), (0.0, -0.2, 0.2), (0.1, 0.05, 0.15), FAILS, 0.01),
    ],
)
def test_who_is_surely_beaten_makes_no_claim_fail(gaussian, gmm, knn, verdict, value):
    own = {"tzanetakis_gaussian": gaussian, "tzanetakis_gmm": gmm, "tzanetakis_knn": knn}
    (claim,) = papers_rivals(Tables(*((name, *row) for name, row in own.items() if row)))
    assert (claim.verdict, claim.value) == (verdict, value)


def right_and_wrong(right):
    """Return tests of ten tracks of four labels, in three runs, of which the network gets those right."""
    labels = ["country", "Rock", "jazz", "blues"] * 10
    rows = [
        {"track": f"t{n}", "label": label, "run": run, "correct": right(label, n, run)}
        for run in range(3)
        for n, label in enumerate(labels)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(["track", "run", "label"], "category"))


@pytest.mark.parametrize(
    ("plain", "whole", "verdict", "value"),
    [
        (lambda label, n, run: n % 8 > 3, lambda label, n, run: label != "jazz", HOLDS, 0.5),
        # What it does for other labels is not asked.
        (lambda label, n, run: label != "jazz", lambda label, n, run: n % 8 > 0, FAILS, -0.25),
        (lambda label, n, run: (n + run) % 3 > 0, lambda label, n, run: (n + 2 * run) % 3 > 0, UNTOLD, None),
    ],
)
def test_whole_track_is_asked_of_the_hardest_genres(plain, whole, verdict, value):
    tables = Tables()
    tables.whole_track = {"cnn": right_and_wrong(plain), "cnn_context": right_and_wrong(whole)}
    (claim,) = own_variants(tables)
    assert (claim.question.claim, claim.verdict, claim.tests) == ("whole_track", verdict, 60)
    assert value is None or claim.value == pytest.approx(value)
    # The network with the summary may have any name.
    tables.whole_track = {"cnn": tables.whole_track["cnn"], "summed": tables.whole_track["cnn_context"]}
    assert own_variants(tables) == [claim]


@pytest.mark.parametrize(
    ("lows_and_highs", "verdict"),
    [
        ([(0.1, 0.2), (0.01, 0.3)], HOLDS),
        ([(0.1, 0.2), (-0.01, 0.3)], UNTOLD),
        ([(0.1, 0.2), (-0.3, 0.02)], FAILS),
        ([(0.1, 0.2), (math.nan, math.nan)], HOLDS),
        ([(math.nan, math.nan)], None),
    ],
)
def test_best_is_held_against_every_model_on_artists_apart(lows_and_highs, verdict):
    tables = Tables(("cnn_32", 0, -0.1, 0.1))
    row = tables.paired.iloc[0].to_dict() | {"protocol": "artist", "model": "ensemble"}
    others = [
        row | {"other": f"other {n}", "low": low, "high": high, "difference": (low + high) / 2}
        for n, (low, high) in enumerate(lows_and_highs)
    ]
    under_other_splits = row | {"protocol": "stratified", "other": "x", "low": -0.5, "high": -0.4}
    tables.paired = pd.concat([tables.paired, pd.DataFrame([*others, under_other_splits])])
    found = {claim.question.claim: claim for claim in own_variants(tables)}.get("best_of_all")
    assert (found.verdict if found else None) == verdict
    if verdict is not None:
        assert found.low == min(low for low, _ in lows_and_highs if not math.isnan(low))
        assert f"{sum(not math.isnan(low) for low, _ in lows_and_highs)} other model" in found.reason
