"""GTZAN through the workflow, in small: the rules, with an archive of a few tracks and the facts that go with it."""

import hashlib
import http.server
import tarfile
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
import soundfile

from earfield.tracks.gtzan import wav_md5

GENRES = ("blues", "jazz")


@pytest.fixture
def small(make_project, tmp_path):
    """A project whose GTZAN has ten tracks a genre, and their folder; one track differs from what is known of it."""
    project = make_project()
    generator = np.random.default_rng(0)
    rows = []
    for genre in GENRES:
        for number in range(10):
            path = tmp_path / "genres" / genre / f"{genre}.{number:05d}.au"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, generator.uniform(-0.5, 0.5, 70_000), 22050, subtype="PCM_16")
            rows.append((path.stem, genre, wav_md5(path), "Etta", "At last", "train"))
    columns = ["track", "genre", "wav_md5", "artist", "title", "fault_filtered"]
    pd.DataFrame(rows, columns=columns).to_csv(project.folder / "resources/gtzan_tracks.csv", index=False)
    soundfile.write(path, generator.uniform(-0.5, 0.5, 70_000), 22050, subtype="PCM_16")
    return project, tmp_path / "genres"


def pack(folder):
    archive = folder.with_name("genres.tar.gz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, "genres")
    content = archive.read_bytes()
    return archive, {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def check(project, output):
    table = pd.read_csv(project.folder / "data/gtzan/tracks/tracks.csv", keep_default_na=False)
    assert list(table.track) == [f"{genre}.{number:05d}" for genre in GENRES for number in range(10)]
    assert set(table.artist) == {"Etta"} and set(table.label) == set(GENRES)
    assert list(table.track[table.problem != ""]) == ["jazz.00009"]
    assert "1 of 20 tracks cannot be used:" in output
    assert "'jazz.00009' another recording" in output


def test_own_archive(small):
    project, folder = small
    archive, _ = pack(folder)
    gtzan = {"archive": str(archive)}
    check(project, project.run("--", "data/gtzan/tracks/tracks.csv", dataset="gtzan", datasets={"gtzan": gtzan}))
    assert (project.folder / "data/gtzan/audio").is_dir()


def test_own_folder_is_used_where_it_lies(small):
    project, folder = small
    gtzan = {"archive": str(folder)}
    check(project, project.run("--", "data/gtzan/tracks/tracks.csv", dataset="gtzan", datasets={"gtzan": gtzan}))
    assert not (project.folder / "data/gtzan/audio").exists()


def test_download_from_the_second_mirror(small):
    project, folder = small
    archive, facts = pack(folder)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=archive.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        gtzan = facts | {"mirrors": [f"{here}/not-here.tar.gz", f"{here}/genres.tar.gz"]}
        output = project.run("--", "data/gtzan/tracks/tracks.csv", dataset="gtzan", datasets={"gtzan": gtzan})
        server.shutdown()
    check(project, output)


def test_no_mirror_answers(small):
    project, _ = small
    gtzan = {"mirrors": ["http://127.0.0.1:9/genres.tar.gz"]}
    output = project.run("--", "data/gtzan/tracks/tracks.csv", ok=False, dataset="gtzan", datasets={"gtzan": gtzan})
    assert "http://127.0.0.1:9/genres.tar.gz" in output and "datasets.gtzan.archive" in output
    assert "Traceback" not in output
