"""The README says what was measured, and what the project can do."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_numbers_are_those_that_were_measured():
    from benchmarks.readme import BLOCKS, PAGES, render

    pages = [(ROOT / name).read_text(encoding="utf-8") for name in PAGES]
    for page in pages:
        assert render(page) == page
    assert set(re.findall(r"<!-- measured: (\w+) -->", "".join(pages))) == set(BLOCKS)


def test_named_files_and_targets_exist():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), link
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake (\w[\w-]*)", README)) <= targets


def test_default_optimizer_is_the_one_that_the_comparison_chose():
    import pandas as pd
    import yaml

    table = pd.read_csv(ROOT / "benchmarks" / "measured" / "optimizers.csv")
    best = table.groupby(["optimizer", "seed"]).validation_loss.min().groupby("optimizer").mean()
    chosen = yaml.safe_load((ROOT / "config.yaml").read_text())["train"]["optimizer"]
    assert best.idxmin().lower().startswith(chosen["name"])


def test_trainings_of_the_evidence_are_as_many_as_the_page_says():
    import yaml

    from earfield.configuration.run_grid import model_settings, networks_of, protocols_of, runs_of, splits_of

    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    trained = {
        (splits_of(config, protocol), seed, model)
        for protocol in protocols_of(config, "gtzan")
        for seed in runs_of(config, "gtzan", protocol)
        for model in networks_of(config, protocol, "gtzan")
        if model_settings(config, model, "gtzan")["train"]["max_epochs"]
    }
    rivals = sum(config["models"][model].get("rival", False) for *_, model in trained)
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert f"{len(trained) - rivals} trainings, and {rivals} more of rivals" in page
