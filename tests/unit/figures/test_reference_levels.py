"""The table of what others reported: cited, within range, and each with what it was measured on."""

import pandas as pd

COLUMNS = ["name", "accuracy", "dataset", "genres", "protocol", "source", "url", "kind"]


def test_every_level_is_cited_and_says_what_it_was_measured_on():
    table = pd.read_csv("resources/reference_levels.csv", dtype=str, keep_default_na=False)
    assert list(table) == COLUMNS
    assert (table[COLUMNS] != "").all(axis=None) and table.name.is_unique
    assert set(table.kind) == {"human", "machine"} and (table.kind == "human").sum() == 1
    accuracy = table.accuracy.astype(float)
    assert accuracy.between(0, 1, inclusive="neither").all() and table.genres.str.fullmatch(r"\d+").all()
    assert (accuracy > 1 / table.genres.astype(int)).all()
    assert table.url.str.fullmatch(r"https://[^\s<>()]+").all()
    assert table.source.str.contains(r"\((?:19|20)\d\d\)").all()


def test_the_papers_two_references_are_there():
    table = pd.read_csv("resources/reference_levels.csv").set_index("kind")
    assert table.loc["human", "accuracy"] == 0.7
    by_hand = table[table.name.str.contains("Tzanetakis & Cook", regex=False)]
    assert by_hand.accuracy.tolist() == [0.61]
