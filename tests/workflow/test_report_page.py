"""The report and the interactive figure, in a browser: whole, self-contained, without errors."""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import requests
from matplotlib.image import imread

pytestmark = pytest.mark.nightly
ROOT = Path(__file__).parents[2]
INTERACTIVE = "results/demo/figures/fig5_discriminants.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",  # which Chromium cannot set up for root, nor in most containers
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no page gets anything from a host
    "--use-angle=swiftshader",  # WebGL without a GPU
    "--enable-unsafe-swiftshader",
    "--window-size=1400,900",
]


def until(look: Callable[[], Any], complaint: str) -> Any:
    """Return what is seen as soon as something is."""
    end = time.monotonic() + 30
    while not (seen := look()):
        assert time.monotonic() < end, complaint
        time.sleep(0.05)
    return seen


class Browser:
    """Chromium, steered over HTTP by its own driver (W3C WebDriver)."""

    def __init__(self, program: str, driver: subprocess.Popen, profile: Path) -> None:
        port = next(m[1] for line in driver.stdout if (m := re.search(r"started successfully on port (\d+)", line)))
        self.http = requests.Session()
        self.http.trust_env = False  # a proxy leads elsewhere
        self.url = f"http://127.0.0.1:{port}/session"
        options = {"binary": program, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.url += "/" + self.call("POST", "", capabilities={"alwaysMatch": wanted})["sessionId"]

    def call(self, method: str, path: str, **body: object):
        answer = self.http.request(method, self.url + path, json=body if method == "POST" else None, timeout=120)
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def open(self, path: Path) -> None:
        self.call("POST", "/url", url=path.as_uri())
        still = "document.head.append(Object.assign(document.createElement('style'), {textContent: arguments[0]}))"
        self.run(still, "* {transition: none !important}")  # a click hits nothing that moves

    def run(self, script: str, *arguments: object):
        return self.call("POST", "/execute/sync", script=script, args=list(arguments))

    def wait(self, script: str):
        return until(lambda: self.run(script), f"nothing from: {script}")

    def find(self, xpath: str) -> list[dict]:
        return self.call("POST", "/elements", using="xpath", value=xpath)

    def click(self, xpath: str, which: int = 0) -> None:
        found = self.find(xpath)
        assert which < len(found), f"no {xpath} of number {which}"
        (element,) = found[which].values()
        self.call("POST", f"/element/{element}/click")

    def point(self, *steps: tuple[float, float] | str) -> None:
        """Move the mouse to places in the window; press ("Down") and release ("Up") it on the way."""
        acts = [
            {"type": f"pointer{step}", "button": 0}
            if isinstance(step, str)
            else {"type": "pointerMove", "x": round(step[0]), "y": round(step[1])}
            for step in steps
        ]
        self.call("POST", "/actions", actions=[{"type": "pointer", "id": "mouse", "actions": acts}])

    def picture(self) -> np.ndarray:
        """Return what is seen: RGB from 0 to 1."""
        return imread(BytesIO(base64.b64decode(self.call("GET", "/screenshot"))))[..., :3]

    def errors(self) -> list[str]:
        """Return the console's errors since the last call."""
        log = self.call("POST", "/se/log", type="browser")
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def requested(self) -> set[str]:
        """Return the addresses asked for since the last call, but for what lies in the page or the browser itself."""
        log = [json.loads(entry["message"])["message"] for entry in self.call("POST", "/se/log", type="performance")]
        urls = {each["params"]["request"]["url"] for each in log if each["method"] == "Network.requestWillBeSent"}
        urls |= {each["params"]["url"] for each in log if each["method"] == "Network.webSocketCreated"}
        return {url for url in urls if not re.match("(data|blob|about|chrome):", url)}

    @contextmanager
    def clean(self, page: Path):
        """Fail if the console says an error meanwhile, or if anything but the page is asked for."""
        self.errors()
        self.requested()
        yield
        assert self.errors() == []
        assert self.requested() == {page.as_uri()}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("needs Chromium and its driver, as Debian's chromium and chromium-driver")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([driver, "--port=0"], **streams) as process:
        try:
            browser = Browser(program, process, tmp_path_factory.mktemp("profile"))
            yield browser
            browser.call("DELETE", "")
        finally:
            process.terminate()


def test_browser_tells_errors_and_requests(browser, tmp_path):
    """The tests below would pass in a browser that says nothing."""
    page = tmp_path / "bad.html"
    page.write_text("<img src='http://example.org/a.png'><script>nothing()</script>")
    browser.errors()
    browser.requested()
    browser.open(page)
    assert browser.requested() == {page.as_uri(), "http://example.org/a.png"}
    assert any("nothing is not defined" in error for error in browser.errors())


@pytest.fixture(scope="module")
def page(browser, built, tmp_path_factory):
    """The report of the tiny demo, made without a network, in a folder where nothing else lies."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
        built.run("--report")
    return shutil.move(built.folder / "report.html", tmp_path_factory.mktemp("report") / "report.html")


def go_to(browser, category, part):
    """Open the list of a category's results by the menu."""
    browser.click("//nav//ol/li/a")
    parts = browser.run("return Object.keys(categories[arguments[0]])", category)
    single = len(browser.run("return Object.keys(categories)")) == 1
    for name in ["Results" if single else category, *([part] if len(parts) > 1 else [])]:
        browser.click(f'//nav//li/a[span="{name}"]')


def read_shown(browser, row, title):
    """Show the result of a row of the list; return its bytes, as they lie in the page."""
    eye = "//nav//tbody/tr//a[@type='button'][1]"
    address = browser.run("return arguments[0].getAttribute('href')", browser.find(eye)[row])
    if address != "#":  # a link, which saves a table
        return decode(address)
    browser.click(eye, row)
    if frames := browser.find("//iframe"):
        address = browser.run("return arguments[0].src", frames[0])
        browser.call("POST", "/frame", id=frames[0])
        # Chromium leaves empty, without a word, what has an address of more than 2 MiB.
        assert browser.run("return location.protocol") == "data:", f"{title}: {len(address)} bytes"
        browser.wait("return document.body?.childElementCount")
        browser.call("POST", "/frame", id=None)
        return decode(address)
    image = "const image = document.querySelector('#app .grow > div > img')"
    browser.wait(f"{image}; return image.complete")
    data = decode(browser.run(f"{image}; return image.src"))
    size = browser.run(f"{image}; return [image.naturalHeight, image.naturalWidth]")
    assert tuple(size) == imread(BytesIO(data)).shape[:2]
    whole = "box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight"
    assert browser.run(f"{image}, box = image.getBoundingClientRect(); return {whole}"), f"{title}: cut by the window"
    return data


def decode(address):
    return base64.b64decode(unquote(address.partition("base64,")[2]))


@pytest.fixture(scope="module")
def shown(browser, page, built):
    """Return the captions of all results that clicks lead to, by path: the whole text, and the literals in it."""
    captions = {}
    with browser.clean(page):
        browser.open(page)
        for category, parts in browser.run("return categories").items():
            for part in parts:
                assert category != "Other" and (part != "Other" or len(parts) == 1)
                go_to(browser, category, part)
                toggles = range(len(browser.find("//nav//fieldset//label"))) or [None]
                titles = browser.run("return [...document.querySelectorAll('nav tbody tr')].map(row => row.innerText)")
                assert not any("results/" in title for title in titles), f"paths for titles: {titles}"
                for toggle, row in [(toggle, row) for toggle in toggles for row in range(len(titles))]:
                    go_to(browser, category, part)
                    if toggle is not None:
                        browser.click("//nav//fieldset//label", toggle)
                    data = read_shown(browser, row, titles[row])
                    browser.click("//nav//tbody/tr//a[@type='button'][2]", row)
                    path = browser.run("return [...document.querySelectorAll('nav ol li')].at(-2).innerText")
                    assert data == built.read(path)
                    assert browser.find("//nav//*[contains(@class, 'prose')]"), f"{path} has no caption"
                    assert not browser.find("//nav//*[contains(@class, 'system-message')]"), f"{path}: rst"
                    captions[path] = browser.run(
                        "const caption = document.querySelector('nav .prose');"
                        "return [caption.innerText, [...caption.querySelectorAll('.literal')].map(e => e.innerText)]"
                    )
    return captions


def test_report_shows_every_figure_and_table(built, shown):
    default = re.search(r"^localrule all:\n    input: (.+)$", built.output, re.MULTILINE)[1].split(", ")
    # Of the whole dataset; files of single runs are for those who look for them.
    needed = {path for path in default if re.fullmatch(r"results/\w+/(\w+/)?[\w.]+\.(csv|png)", path)}
    needed |= {str(path.relative_to(built.folder)) for path in built.folder.glob("results/demo/figures/*.png")}
    assert len(needed) > 2
    assert needed <= set(shown)
    for rules in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        if rules.stem == "claims":
            continue  # which `snakemake evidence` makes
        for marked in re.findall(r'\breport\(\s*"([^"]+)"', rules.read_text()):
            if marked.endswith(("/fig12_deep_belief.png", "/tags.csv")):
                continue  # of the evidence, and of tracks with tags
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(marked))
            assert any(re.fullmatch(pattern, path) for path in shown), f"{marked} is not made by default"


def test_captions_say_what_is_seen_what_it_was_drawn_from_and_how_to_make_it_again(built, shown):
    jobs = built.run("-n", "--force", "--", *shown)
    made = re.findall(r"^    input: (.+)\n    output: (.+)$", jobs, re.MULTILINE)
    inputs = {path: set(files.split(", ")) for files, outputs in made for path in outputs.split(", ")}
    for path, (text, literals) in shown.items():
        assert len(text.split()) > 20, path
        assert f"snakemake --cores 1 --force {path}" in literals, path
        sources = [each for each in literals if "/" in each and path not in each]
        assert sources, path
        for source in sources:
            files = {str(file.relative_to(built.folder)) for file in built.folder.glob(source)}
            assert files & inputs[path], f"{path} is not drawn from {source}"


def test_report_opens_with_what_it_is_and_leads_to_all_of_it(browser, page):
    with browser.clean(page):
        browser.open(page)
        said = browser.wait("return document.querySelector('.prose')?.innerText")
        assert "snakemake --config dataset=demo --report report.html" in said
        assert not browser.find("//*[contains(@class, 'system-message')]")
        for category in browser.run("return Object.keys(categories)"):
            browser.click(f"//*[contains(@class, 'prose')]//a[.='{category}']")
            browser.wait(f"return [...document.querySelectorAll('nav ol li')].some(e => e.innerText === '{category}')")
        browser.click("//nav//ol/li/a")
        for name, drawn in (("Statistics", "#timeline canvas"), ("Workflow", "#rulegraph canvas")):
            browser.click(f'//nav//li/a[span="{name}"]')
            browser.wait(f"return document.querySelector('{drawn}')")


def check_scene(browser, box, tracks):
    """Fail if a 3-D scene draws no marks, names none under the pointer, or does not turn when it is dragged."""
    left, right, top, bottom = (round(box[side]) for side in ("left", "right", "top", "bottom"))

    def seen():
        return browser.picture()[top:bottom, left:right]

    drawn = seen()
    y, x = np.nonzero(np.ptp(drawn, axis=2) > 0.25)  # marks are coloured, axes are not
    assert len(x) > 50
    named = set()
    for k in np.linspace(0, len(x) - 1, 60).astype(int):
        browser.point((left + x[k], top + y[k]))
        time.sleep(0.2)  # the figure looks under the pointer once a frame
        said = browser.run("return [...document.querySelectorAll('.hovertext')].map(e => e.textContent).join()")
        named |= {track for track in tracks if track in said}
        if len(named) > 1:
            break
    assert len(named) > 1, f"last seen under the pointer: {said!r}"

    def moved():
        return np.mean(np.abs(seen() - drawn)[y, x].max(axis=1) > 0.1)

    middle = (left + right) / 2, (top + bottom) / 2
    browser.point(middle, "Down", (middle[0] + 100, middle[1]), "Up", (1, 1))
    until(lambda: moved() > 0.5, "marks stay where they were")


def test_interactive_figure_turns_and_names_tracks(browser, built, tmp_path):
    page = shutil.copy(built.folder / INTERACTIVE, tmp_path / "figure.html")
    tracks = set(pd.read_csv(built.folder / "data/demo/tracks/tracks.csv").track)
    with browser.clean(page):
        browser.open(page)
        browser.wait("return document.querySelectorAll('.gl-container canvas').length === 2")
        scenes = "return [...document.querySelectorAll('.gl-container > div')].map(e => e.getBoundingClientRect())"
        for box in browser.run(scenes):
            check_scene(browser, box, tracks)
