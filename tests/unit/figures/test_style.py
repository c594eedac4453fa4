"""Names are drawn as they are: dollar signs, every script; in any environment."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib.text import Text

from earfield.figures.confusion import draw_confusion
from earfield.figures.style import save_figure

DOLLARS = ["A$AP Rocky & Ke$ha", "Ba$$", r"Ca$h\Ma$ter", "$uicideboy$", r"\$", "100% $x_1$"]
JOBS = [
    "accuracy", "calibration", "confusion", "deep_belief", "discriminants", "discriminants_page", "evidence_data",
    "excerpt_length", "filters", "filters_data", "learning_curve", "populations", "populations_data", "recall",
    "reference", "reference_data", "spectrogram", "style",
]  # fmt: skip


def confusion_of(labels, path):
    """Write the data of figure 2 for these labels."""
    rows = [(label, other, 4, 1.0 * (label == other)) for label in labels for other in labels]
    pd.DataFrame(rows, columns=["label", "predicted", "n_predictions", "fraction"]).to_csv(path, index=False)
    return path


@pytest.fixture
def drawn(tmp_path):
    """Return a function that saves figure 2 of some labels, and returns the figure."""

    def draw(labels):
        figure = draw_confusion(confusion_of(labels, tmp_path / "data.csv"))
        save_figure(figure, [tmp_path / "fig.png", tmp_path / "fig.pdf"])
        return figure

    return draw


def test_dollar_signs_are_drawn_and_begin_no_formula(drawn):
    axes = drawn(DOLLARS).axes[0]
    texts = axes.get_xticklabels()
    assert [text.get_text() for text in texts] == sorted(DOLLARS)
    assert [text.get_text() for text in axes.get_yticklabels()] == [f"{label} (24)" for label in sorted(DOLLARS)]
    # What the renderer is handed for each of them: the name itself, and no formula.
    assert [text._preprocess_math(text.get_text()) for text in texts] == [(label, False) for label in sorted(DOLLARS)]


@pytest.fixture
def make_font(tmp_path, monkeypatch):
    """Return a function that makes a font with some characters, in a folder of fonts of its own."""
    from fontTools.ttLib import TTFont

    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    font_manager._get_font.cache_clear()
    made = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(made))

    def make(name, characters):
        font = TTFont(font_manager.findfont("DejaVu Sans"))
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap = {ord(character): "A" for character in characters}
        for record in font["name"].names:
            if record.nameID in (1, 4, 6, 16):
                record.string = name
        font.save(tmp_path / f"{name}.ttf")
        made.append(str(tmp_path / f"{name}.ttf"))

    return make


def test_characters_that_the_common_font_lacks_come_from_one_that_has_them(drawn, make_font, caplog):
    make_font("Serif of Asia", "流行가요ポップ")
    make_font("Sans of Asia", "流行가요")
    labels = sorted(["jazz", "가요", "العربية", "ポップ", "流行"])  # DejaVu has the Arabic letters
    axes = drawn(labels).axes[0]
    families = {text.get_text(): text.get_fontfamily() for text in axes.get_xticklabels()}
    assert list(families) == labels
    assert families.pop("jazz") == ["DejaVu Sans"]
    assert set(map(tuple, families.values())) == {("DejaVu Sans", "Sans of Asia", "Serif of Asia")}
    assert not caplog.records


def test_characters_of_no_font_are_named_with_what_to_install(drawn, make_font, caplog, tmp_path, recwarn):
    make_font("Sans of Korea", "가")
    figure = drawn(["jazz", "가요", "流行"])
    (record,) = caplog.records
    assert record.getMessage() == (
        f"No font on this machine has the characters 流 行 요, which {tmp_path / 'fig.png'} and {tmp_path / 'fig.pdf'} "
        "shows as boxes; install one, such as the package fonts-noto-cjk (Chinese, Japanese, Korean) or "
        "fonts-noto-core (other scripts), delete the figure and run again."
    )
    assert not [each for each in recwarn if "Glyph" in str(each.message)]
    assert {text.get_text() for text in figure.findobj(Text)} >= {"jazz", "가요", "流行"}


def test_a_file_that_is_no_font_is_passed_over(drawn, make_font, tmp_path, caplog):
    make_font("Sans of Asia", "流行")
    (tmp_path / "Sans of Asia.ttf").write_bytes(b"no font")
    drawn(["流行"])
    assert "has the characters 流 行" in caplog.text


def test_jobs_draw_in_a_notebooks_environment_and_load_nothing_heavy(tmp_path):
    """A notebook names its backend in MPLBACKEND, which need not be installed where the jobs run."""
    code = (
        f"import sys; from earfield.figures import {', '.join(JOBS)}; import earfield.filters.estimate; "
        f"figure = confusion.draw_confusion({str(confusion_of(['a', 'b'], tmp_path / 'data.csv'))!r}); "
        "style.save_figure(figure, ['fig.png']); "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'sklearn', 'matplotlib.pyplot')))"
    )
    environment = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path).returncode == 0
    assert (tmp_path / "fig.png").stat().st_size > 1000
