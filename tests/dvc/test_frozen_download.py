"""The stage that downloads or unpacks GTZAN: frozen once it has verified."""

import hashlib
import tarfile

import numpy as np
import pandas as pd
import soundfile
import yaml
from tiny_project import count

from earfield.tracks.gtzan import wav_md5


def frozen(project):
    stages = yaml.safe_load((project.folder / "dvc.yaml").read_text())["stages"]
    return [name for name, stage in stages.items() if stage.get("frozen")]


def test_archive_that_verified_is_frozen(make_project, tmp_path):
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
    assert frozen(project) == []
    output = project.run("dvc repro tracks")
    assert count(output, "tracks_gtzan") == 1
    assert frozen(project) == ["tracks_gtzan"]
    project.run("earfield stages")
    assert frozen(project) == ["tracks_gtzan"]
    archive.write_bytes(content[:-1])
    output = project.run("dvc repro tracks")
    assert "Running stage" not in output
    assert len(pd.read_csv(project.folder / "data/gtzan/tracks/tracks.csv")) == 8
