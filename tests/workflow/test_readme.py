"""The pages say what was measured, and what the project can do."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_numbers_are_those_that_were_measured():
    from benchmarks.readme import BLOCKS, PAGES, render

    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    for page in pages:
        assert render(page) == page
    assert set(re.findall(r"<!-- measured: (\w+) -->\n", "".join(pages))) == set(BLOCKS)


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_links_anchors_and_make_targets_exist(page):
    text = page.read_text(encoding="utf-8")
    for link, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", text):
        target = (page.parent / link) if link else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), f"{link}#{anchor}"
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`(?:.*&& )?make (\w[\w-]*)", text)) <= targets


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_one_screen_that_leads_to_every_page():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in text


def test_options_in_the_pages_are_keys_of_the_configuration():
    import yaml

    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    sections = "|".join(set(config) - {"dataset", "datasets", "models", "protocols"})
    for page in (README, *(ROOT / "docs").glob("*.md")):
        for key in re.findall(rf"`((?:{sections})\.(?!csv|npz)[a-z_.]+)`", page.read_text(encoding="utf-8")):
            value = config
            for part in key.split("."):
                assert part in value, f"{page.name}: {key}"
                value = value[part]


def test_commands_name_the_cores_that_a_profile_leaves_to_the_user():
    texts = [page.read_text(encoding="utf-8") for page in (*DOCUMENTS, ROOT / "Makefile")]
    commands = re.findall(r"^\s*(snakemake .*)$", "\n".join(texts), re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        assert re.search(r"--cores|--report|--lint|--unlock|-n\b", command), command


def test_files_in_the_pages_are_made_by_rules():
    from earfield.figures.registry import FIGURES

    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    made = [general(path) for path in re.findall(r'"((?:data|results)/[^"]+)"', rules)]
    made += [f"results/*/{figure.folder}/{name}.png" for name, figure in FIGURES.items()]
    for page in ("outputs.md", "evidence.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        paths = [general(path) for path in re.findall(r"^\| `((?:data|results)/[^`]+)`", text, re.MULTILINE)]
        assert paths
        for path in paths:
            assert any(f"{each}/".startswith(path.rstrip("*")) for each in made), f"{page}: {path}"


def general(path):
    """Return a path with a star for each wildcard, run and number of a shard."""
    return re.sub(r"\{+\w+\}+|NN", "*", path.replace("{run}", "*/*/*"))


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
    variants = sum(model not in config["protocols"]["stratified"]["models"] for *_, model in trained)
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert f"{len(trained)} trainings, {variants} of them of variants" in page
