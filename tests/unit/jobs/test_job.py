"""How a job ends: with one sentence where a user can mend the cause, with a traceback where we have to."""

import os
import subprocess
import sys

import numpy as np
import pytest

from earfield.jobs.job import prepare_environment_of_jobs


def job(tmp_path, body, preexec_fn=None, **environment):
    """Run a block under `logged` in a process of its own; return status, terminal and log."""
    code = f"from earfield.errors import *\nfrom earfield.jobs.job import logged\nwith logged('job.log'):\n    {body}\n"
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        preexec_fn=preexec_fn,
        env=os.environ | environment,
    )
    return process.returncode, process.stderr, (tmp_path / "job.log").read_text(encoding="utf-8")


def test_results_and_warnings_are_for_the_terminal_and_details_for_the_log(tmp_path):
    body = (
        "import logging; from earfield.log_levels import RESULT; log = logging.getLogger('earfield.x'); "
        "log.info('c: 10'); log.log(RESULT, 'é: 3 of 4'); log.warning('few'); logging.getLogger('other').info('no')"
    )
    assert job(tmp_path, body) == (0, "é: 3 of 4\nfew\n", "c: 10\né: 3 of 4\nfew\n")


@pytest.mark.parametrize("error", ["EarfieldError", "ConfigError", "DatasetError", "AudioError"])
def test_error_that_a_user_can_mend_is_one_sentence(tmp_path, error):
    sentence = "'música/空.wav' is 100% silent; remove it.\n"
    assert job(tmp_path, f"raise {error}({sentence.strip()!r})") == (1, sentence, sentence)


def test_name_that_is_no_text_does_not_break_the_log(tmp_path):
    status, _, log = job(tmp_path, "raise DatasetError('caf\\udce9.wav')", PYTHONIOENCODING="utf-8")
    assert (status, log) == (1, "caf\\udce9.wav\n")


def test_log_is_utf_8_whatever_the_terminal_speaks(tmp_path):
    status, terminal, log = job(tmp_path, "raise DatasetError('é')", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (status, terminal, log) == (1, "\\xe9\n", "é\n")


@pytest.mark.parametrize("error", ["ValueError('x')", "FileNotFoundError(2, 'No such file', 'x')", "OSError('x')"])
def test_other_errors_keep_their_traceback(tmp_path, error):
    status, terminal, _ = job(tmp_path, f"raise {error}")
    assert status == 1 and terminal.startswith("Traceback") and error.split("(")[0] in terminal


@pytest.mark.parametrize(
    ("number", "reason"), [("ENOSPC", "No space left on device"), ("EDQUOT", "Disk quota exceeded")]
)
def test_full_disk_is_one_sentence(tmp_path, number, reason):
    body = f"import errno, os; raise OSError(errno.{number}, os.strerror(errno.{number}), 'a.npy')"
    sentence = f"{reason}: 'a.npy' could not be written; make room and run again.\n"
    assert job(tmp_path, body) == (1, sentence, sentence)


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_disk_that_is_really_full_is_one_sentence_and_leaves_nothing(tmp_path, small_disk):
    np.save(small_disk / "other.npy", np.zeros(100_000))
    body = (
        "import pandas as pd; from earfield.files.tables import write_csv;"
        "write_csv(pd.DataFrame({'a': range(100_000)}), 'disk/a.csv')"
    )
    sentence = "No space left on device: 'disk/a.csv' could not be written; make room and run again.\n"
    assert job(tmp_path, body) == (1, sentence, sentence)
    assert os.listdir(small_disk) == ["other.npy"]


def test_input_that_changes_while_the_job_runs_is_refused(tmp_path):
    code = "from earfield.jobs.job import logged\nwith logged('job.log', (), ['a.csv', 'b.py', 'folder']):\n    {}\n"

    def run(body):
        (tmp_path / "a.csv").write_text("1")
        (tmp_path / "b.py").write_text("x = 1")
        command = [sys.executable, "-c", code.format(body)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    assert run("import os; os.utime('a.csv', (1, 1))").returncode == 0  # touched, not edited
    refused = run("open('b.py', 'w').write('x = 2')")
    assert refused.returncode == 1
    assert refused.stderr == "'b.py' changed while this job was running; its outputs are discarded, run again.\n"


def test_missing_folder_of_the_log_is_an_error(tmp_path):
    code = "from earfield.jobs.job import logged\nwith logged('no/where.log'): pass"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert process.returncode == 1 and "FileNotFoundError" in process.stderr


def test_jobs_find_the_package_once_and_keep_what_was_set(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", ""]))
    prepare_environment_of_jobs()
    prepare_environment_of_jobs()
    sources, *others = os.environ["PYTHONPATH"].split(os.pathsep)
    assert os.path.isfile(os.path.join(sources, "earfield", "jobs", "job.py")) and others == ["/elsewhere"]
