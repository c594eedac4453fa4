"""Verdicts on variants of the network, which are claims only if they were run."""

import math

import pandas as pd
import pytest

from earfield.rival_claims import own_variants, papers_rivals

HOLDS, FAILS, UNTOLD = "holds", "does not hold", "cannot be told from this data"


class Tables:
    """As much of the evidence as these claims read."""

    model, protocol = "cnn", "stratified"

    def __init__(self, *pairs):
        columns = ["protocol", "model", "other", "difference", "low", "high", "other_accuracy", "p_value"]
        rows = [("stratified", "cnn", *each, 0.5, 0.0123) for each in pairs]
        counts = {"tracks_disagreed": 41, "tracks": 90, "tests": 100, "seeds": 3}
        self.paired = pd.DataFrame(rows, columns=columns).assign(**counts)


def test_variants_that_were_not_run_are_no_claims():
    assert own_variants(Tables()) == []
    assert [each.question.claim for each in own_variants(Tables(("cnn_decibels", 0, -0.1, 0.1)))] == ["scale"]
    assert [each.verdict for each in papers_rivals(Tables())] == [UNTOLD, UNTOLD]


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
