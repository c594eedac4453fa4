"""A second name for finished outputs: what is deleted under the first one comes back as it was."""

import os
import shutil
import subprocess
import sys

import pytest

from earfield.jobs.job import logged
from earfield.versioning import output_links
from earfield.versioning.output_links import is_linked, link_outputs, missing_below, put_back, relink


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/dump").mkdir(parents=True)
    (tmp_path / "results/a.csv").write_text("1")
    (tmp_path / "results/dump/chunk.npy").write_text("2")
    for path in ("results/a.csv", "results/dump/chunk.npy", "results/dump"):
        os.utime(path, ns=(0, 1_000_000_000))
    return tmp_path


@pytest.mark.parametrize("links", [True, False])
def test_what_was_deleted_comes_back_as_old_as_it_was(project, monkeypatch, links):
    if not links:
        monkeypatch.setattr(output_links.os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    link_outputs(["results/a.csv", "results/dump"])
    shutil.rmtree("results")
    assert put_back(["results/a.csv", "results/dump", "results/never made"]) == ["results/a.csv", "results/dump"]
    assert (project / "results/a.csv").read_text() == "1"
    assert (project / "results/dump/chunk.npy").read_text() == "2"
    for path in ("results/a.csv", "results/dump/chunk.npy", "results/dump"):
        assert os.stat(path).st_mtime_ns == 1_000_000_000, path


def test_what_is_there_is_left_alone(project):
    link_outputs(["results/a.csv"])
    os.unlink("results/a.csv")
    (project / "results/a.csv").write_text("newer")
    assert put_back(["results/a.csv"]) == []
    assert (project / "results/a.csv").read_text() == "newer"


def test_the_last_one_kept_is_put_back(project):
    link_outputs(["results/a.csv", "results/dump"])
    shutil.rmtree("results/dump")
    os.unlink("results/a.csv")
    (project / "results/dump").mkdir()
    (project / "results/dump/other.npy").write_text("3")
    (project / "results/a.csv").write_text("4")
    link_outputs(["results/a.csv", "results/dump"])
    shutil.rmtree("results")
    put_back(["results/a.csv", "results/dump"])
    assert os.listdir("results/dump") == ["other.npy"]
    assert (project / "results/a.csv").read_text() == "4"


def test_copies_of_what_was_kept_are_as_old_as_it_was_and_others_are_named(project):
    link_outputs(["results/a.csv", "results/dump"])
    for path in ("results/a.csv", "results/dump/chunk.npy"):
        content = (project / path).read_bytes()
        os.unlink(path)
        (project / path).write_bytes(content)
    (project / "results/dump/.snakemake_timestamp").touch()
    assert relink() == []
    for path in ("results/a.csv", "results/dump/chunk.npy", "results/dump/.snakemake_timestamp"):
        assert os.stat(path).st_mtime_ns == 1_000_000_000, path
    os.unlink("results/dump/chunk.npy")
    (project / "results/dump/chunk.npy").write_text("of another run")
    assert relink() == ["results/dump/chunk.npy"]
    (project / "results/b.csv").touch()
    assert is_linked("results/a.csv") and not is_linked("results/b.csv")


def test_folder_says_whether_something_of_it_is_missing(project):
    link_outputs(["results/a.csv", "results/dump"])
    assert not missing_below("results")
    os.unlink("results/dump/chunk.npy")
    assert missing_below("results") and missing_below("results/dump") and not missing_below("data")


def test_paths_outside_the_project_are_passed_over(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "a"
    outside.write_text("1")
    link_outputs([outside, "results/never made"])
    assert not (project / ".snakemake/kept").exists()


def test_killed_job_leaves_nothing_that_its_outputs_would_be_held_against(project):
    link_outputs(["results/a.csv", "results/dump"])
    code = (
        "import os; from earfield.jobs.job import logged\n"
        "with logged('job.log', ['results/a.csv', 'results/dump']):\n"
        "    open('results/a.csv.new', 'w').write('of the new run'); os.replace('results/a.csv.new', 'results/a.csv')\n"
        "    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=project).returncode == -9
    assert relink() == []
    os.unlink("results/a.csv")
    assert put_back(["results/a.csv"]) == []


def test_job_keeps_its_outputs_only_if_it_ends_well(project):
    with pytest.raises(ZeroDivisionError), logged("job.log", ["results/a.csv"]):
        1 / 0  # noqa: B018
    assert not (project / ".snakemake/kept").exists()
    with logged("job.log", ["results/a.csv"]):
        pass
    assert (project / ".snakemake/kept/results/a.csv").read_text() == "1"
