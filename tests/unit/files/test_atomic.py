"""Files appear whole or not at all: after an error, on a full disk, after a kill."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from earfield.files.atomic import write_aside
from earfield.files.tables import write_csv


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "a.npy"
    with write_aside(path) as aside:
        assert aside.parent == path.parent and aside.suffix == ".npy"
        np.save(aside, np.arange(3))
        assert not path.exists()
    assert np.load(path).tolist() == [0, 1, 2]
    assert os.listdir(path.parent) == ["a.npy"]


def test_file_replaces_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with write_aside(tmp_path / "a.txt") as aside:
        aside.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_error_leaves_everything_as_it_was(tmp_path, old, error):
    path = tmp_path / "a.txt"
    if old:
        path.write_text(old)
    with pytest.raises(error, match="^stop$"):
        with write_aside(path) as aside:
            aside.write_text("half")
            raise error("stop")
    assert os.listdir(tmp_path) == (["a.txt"] if old else [])
    assert not old or path.read_text() == old


def test_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        with write_aside(tmp_path / "a.txt"):
            pass
    assert caught.value.filename == str(tmp_path / "a.txt")
    assert os.listdir(tmp_path) == []


def test_folder_under_the_name_stays(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        with write_aside(tmp_path / "a") as aside:
            aside.write_text("x")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").is_dir()


def test_table_that_cannot_be_written_leaves_the_old_one(tmp_path):
    write_csv(pd.DataFrame({"a": [1]}), tmp_path / "a.csv")
    with pytest.raises(UnicodeEncodeError):
        write_csv(pd.DataFrame({"a": ["\udce9"]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"
    assert os.listdir(tmp_path) == ["a.csv"]


def write_text(path):
    with write_aside(path) as aside:
        aside.write_text("x" * 2_000_000)


def write_table(path):
    write_csv(pd.DataFrame({"a": range(400_000)}), path)


@pytest.mark.parametrize("write", [write_text, write_table])
@pytest.mark.parametrize("old", [None, "old"])
def test_full_disk_leaves_everything_as_it_was(tmp_path, largest_file, write, old):
    path = tmp_path / "a.csv"
    if old:
        path.write_text(old)
    largest_file(1_000_000)
    with pytest.raises(OSError) as caught:
        write(path)
    assert (caught.value.strerror, caught.value.filename) == ("File too large", str(path))
    assert os.listdir(tmp_path) == (["a.csv"] if old else [])
    assert not old or path.read_text() == old


@pytest.mark.parametrize("old", [None, "old"])
def test_kill_leaves_no_half_file_under_the_name(tmp_path, old):
    path = tmp_path / "a.txt"
    if old:
        path.write_text(old)
    code = (
        "import sys, time; from earfield.files.atomic import write_aside\n"
        "with write_aside(sys.argv[1]) as aside, open(aside, 'w') as file:\n"
        "    file.write('half'); file.flush(); print('now', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "now\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert path.exists() == bool(old)
    assert not old or path.read_text() == old
    with write_aside(path) as aside:
        aside.write_text("whole")
    assert path.read_text() == "whole"
