"""Songs from elsewhere: an archive that is unpacked once, and songs of the user's own, which may change."""

import hashlib
import tarfile

import numpy as np
import pandas as pd
import pytest
import soundfile
from tiny_project import count, ran, stages

from earfield.tracks.gtzan import wav_md5

pytestmark = pytest.mark.nightly


def test_archive_is_unpacked_once(make_project, tmp_path):
    generator = np.random.default_rng(0)
    rows = []
    for genre in ("blues", "jazz"):
        for number in range(4):
            path = tmp_path / "genres" / genre / f"{genre}.{number:05d}.au"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, generator.uniform(-0.5, 0.5, 70_000), 22050, subtype="PCM_16")
            rows.append((path.stem, genre, wav_md5(path), "Etta", "At last", "train"))
    archive = tmp_path / "genres.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "genres", "genres")
    content = archive.read_bytes()
    known = {"archive": str(archive), "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    project = make_project(dataset="gtzan", datasets={"gtzan": known | {"seeds": [1]}})
    facts = pd.DataFrame(rows, columns=["track", "genre", "wav_md5", "artist", "title", "fault_filtered"])
    facts.to_csv(project.folder / "resources/gtzan_tracks.csv", index=False)
    assert count(project.run("dvc repro tracks"), "audio_gtzan") == 1
    archive.write_bytes(content[:-1])
    project.append("src/earfield/tracks/gtzan.py")  # and an edit of the code that unpacks
    project.configure(datasets={"gtzan": {"seeds": [1, 2]}})
    output = project.run("dvc repro tracks")
    assert stages(output, "run") == ["songs", "tracks"] and not {"audio_gtzan", "audio_demo"} & ran(output)
    assert len(pd.read_csv(project.folder / "data/gtzan/tracks/tracks.csv")) == 8


def test_added_track_makes_one_shard_again_and_what_depends_on_it(make_project, tmp_path):
    def add(name):
        generator = np.random.default_rng(list(name.encode()))  # else all would be one recording
        path = tmp_path / "songs" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, generator.uniform(-0.5, 0.5, 4 * 22050), 22050)

    for label in ("a", "b"):
        for number in range(6):
            add(f"{label}/{number}")
    mine = {"source": "files", "path": str(tmp_path / "songs"), "seeds": [1]}
    project = make_project(dataset="mine", datasets={"mine": mine})
    project.run("dvc repro mel splits")
    before = project.hashes()
    assert stages(project.run("dvc repro mel splits"), "run") == ["songs"]
    add("b/new")
    output = project.run("dvc repro mel splits")
    assert stages(output, "run") == ["songs", "audio", "tracks", "mel", "splits"]
    assert (count(output, "tracks_shard"), count(output, "mel"), count(output, "splits")) == (1, 1, 1)
    after = project.hashes()
    changed = {path for path in before if after[path] != before[path]}
    shard = next(path[-6:-4] for path in changed if path.endswith(".npy"))
    assert changed == {
        "data/mine/songs.json",
        f"data/mine/mel/shard-{shard}.npy",
        f"data/mine/mel/shard-{shard}.csv",
        f"data/mine/tracks/shard-{shard}.csv",
        "data/mine/tracks/tracks.csv",
        "data/mine/splits/stratified/1.csv",
        "data/mine/splits/stratified/1.json",
    }
