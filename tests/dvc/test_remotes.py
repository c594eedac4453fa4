"""DVC's push and pull against a real WebDAV server: what a remote keeps, and what it does not tell.

`docs/remotes.md` says the same in words.
"""

import contextlib
import functools
import hashlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

for package in ("cheroot", "dvc_webdav", "wsgidav"):
    pytest.importorskip(package, reason=f"{package} is missing: pip install -e '.[dev]'")

USER, PASSWORD = "earfield", "a password of the tests"
N_SHARDS, SHARD_BYTES = 60, 200_000
N_BIG, BIG_BYTES = 4, 6_000_000  # DVC writes what it pulls in blocks of 4 MiB: smaller files are never half there
DEADLINE = 60  # s, for anything that is waited for; a run that works waits for some ms

# One folder, or one folder and a file beside it, or one file.
MAKE = f"""
import pathlib, random, sys
stage, noise = sys.argv[1], random.Random(sys.argv[1])
shapes = {{"mel": ({N_SHARDS}, {SHARD_BYTES}), "activations": ({N_BIG}, {BIG_BYTES})}}
data = pathlib.Path("data")
data.mkdir(exist_ok=True)
if stage in shapes:
    n, size = shapes[stage]
    (data / stage).mkdir()
    for shard in range(n):
        (data / stage / f"shard-{{shard:02}}.npy").write_bytes(noise.randbytes(size))
if stage == "mel":
    (data / "tracks.csv").write_bytes(noise.randbytes(50_000))
if stage == "train":
    (data / "model.keras").write_bytes(noise.randbytes(300_000))
"""
OUTS = {"mel": ["data/mel", "data/tracks.csv"], "train": ["data/model.keras"], "activations": ["data/activations"]}

# wsgidav that can end itself as `kill -9` does, in the midst of a file that it takes (begin_write) or gives
# (get_content): the nth of which as many bytes went over the wire. It also ends when the tests do, whatever ends them.
SERVER = """
import os, signal, sys, threading
from wsgidav.fs_dav_provider import FileResource
from wsgidav.server.server_cli import run

doing, nth, after = sys.argv.pop(1), int(sys.argv.pop(1)), int(sys.argv.pop(1))
reached = set()

class Dying:
    def __init__(self, file):
        self.file, self.bytes = file, 0

    def passed(self, data):
        self.bytes += len(data)
        if self.bytes >= after:
            reached.add(self.file.name)
            if len(reached) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
        return data

    def write(self, data):
        self.file.write(data)
        self.file.flush()
        self.passed(data)

    def read(self, *size):
        return self.passed(self.file.read(*size))

    def seek(self, *where):
        return self.file.seek(*where)

    def close(self):
        self.file.close()

threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
if nth:
    opens = getattr(FileResource, doing)
    setattr(FileResource, doing, lambda *args, **options: Dying(opens(*args, **options)))
run()
"""


class Server:
    """wsgidav in a process of its own; `files` are the entries that it holds."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "served"
        (self.root / "store").mkdir(parents=True)
        self.config, self.log = folder / "wsgidav.yaml", folder / "wsgidav.log"
        only_basic = {"accept_basic": True, "accept_digest": False, "default_to_digest": False}
        users = {"user_mapping": {"*": {USER: {"password": PASSWORD}}}}
        self.config.write_text(yaml.safe_dump({"http_authenticator": only_basic, "simple_dc": users}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"webdav://127.0.0.1:{self.port}/store"
        self.process: subprocess.Popen | None = None

    def start(self, *, dies_in: str = "begin_write", nth: int = 0, after: int = 0) -> None:
        """Start; with `nth`, to be gone after so many bytes of the nth file."""
        self.kill()
        command = [sys.executable, "-c", SERVER, dies_in, str(nth), str(after)]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--root", self.root, "--config", self.config]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        wait_for(self.answers, lambda: f"the server does not start: {self.log.read_text()}")

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=DEADLINE)
            self.process = None

    def died(self) -> bool:
        """Say whether the server has ended itself."""
        return self.process is not None and self.process.wait(timeout=DEADLINE) == -signal.SIGKILL

    def files(self) -> dict[str, Path]:
        return entries(self.root / "store" / "files" / "md5")


def wait_for(condition, problem) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, problem()
        time.sleep(0.001)


def entries(folder: Path) -> dict[str, Path]:
    """Return the entries of a DVC cache, or of the remote's, by the hash that their names say."""
    return {path.parent.name + path.name: path for path in folder.glob("??/[0-9a-f]*") if path.is_file()}


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Return hash and mode of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (md5(path), path.stat().st_mode) for path in files}


def outputs(project: "Project") -> dict[str, str]:
    """Return the hash of every file below the project's data/ but .gitignore."""
    return {name: found for name, (found, _) in contents(project.folder / "data").items() if name != ".gitignore"}


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def broken(files: dict[str, Path]) -> list[str]:
    """Return the names of entries that do not hold what they say."""
    return [name for name, path in files.items() if md5(path) != name.removesuffix(".dir")]


def flip_a_bit(path: Path) -> None:
    found = bytearray(path.read_bytes())
    found[len(found) // 2] ^= 1
    path.write_bytes(found)


class Project:
    """A git repository with DVC in it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.cache = folder / ".dvc" / "cache" / "files" / "md5"

    def run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(command)} ended with {done.returncode}:\n{said}"
        return said

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments, fails=fails)

    def set_remote(self, **options: str) -> None:
        """Write .dvc/config.local, which git does not see, as `dvc remote modify --local` does, but at once."""
        lines = [f"    {name} = {value}" for name, value in options.items()]
        (self.folder / ".dvc" / "config.local").write_text("\n".join(["['remote \"store\"']", *lines, ""]))


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which neither git nor DVC reads or writes anything of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_", "XDG_"))}
    home = ("HOME", "DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR")
    author = {f"GIT_{who}_{what}": "tests@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    kept |= {"CI": "true", "DVC_NO_ANALYTICS": "1"}  # no look for a newer DVC, no report of its use
    kept |= {"GIT_CONFIG_NOSYSTEM": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return kept | author | dict.fromkeys(home, str(folder))


@pytest.fixture
def env(tmp_path):
    (tmp_path / "home").mkdir()
    return environment(tmp_path / "home")


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Return a function that gives a project of some stages, all computed, to be copied."""

    @functools.cache
    def make(*stages: str) -> Project:
        folder = tmp_path_factory.mktemp("computed")
        (folder / "project").mkdir()
        project = Project(folder / "project", environment(folder))
        project.run("git", "init", "--quiet")
        project.dvc("init", "--quiet")
        with (project.folder / ".dvc" / "config").open("a") as config:
            config.write('[cache]\n    type = "reflink,copy"\n')
        (project.folder / "make.py").write_text(MAKE)
        run = f"{shlex.quote(sys.executable)} make.py"
        dvc_yaml = {stage: {"cmd": f"{run} {stage}", "deps": ["make.py"], "outs": OUTS[stage]} for stage in stages}
        (project.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": dvc_yaml}))
        project.dvc("repro", "--quiet")
        return project

    return make


@pytest.fixture
def project_of(tmp_path, env, server, computed):
    """Return a function that makes a project of some stages, all computed, whose remote is the server."""

    def make(*stages: str) -> Project:
        project = Project(tmp_path / "project", env)
        shutil.copytree(computed(*stages).folder, project.folder)
        with (project.folder / ".dvc" / "config").open("a") as config:
            config.write("[core]\n    remote = store\n")
            config.write(f"['remote \"store\"']\n    url = {server.url}\n    user = {USER}\n")
        project.set_remote(password=PASSWORD)
        project.run("git", "add", "--all")
        project.run("git", "commit", "--quiet", "--message", "Made")
        return project

    return make


@pytest.fixture
def clone(tmp_path, env):
    """Return a function that clones a project, without anything that DVC made, and gives it the password."""

    def make(project: Project, name: str = "clone", password: str = PASSWORD) -> Project:
        project.run("git", "clone", "--quiet", str(project.folder), str(tmp_path / name))
        cloned = Project(tmp_path / name, env)
        cloned.set_remote(password=password)
        assert outputs(cloned) == {} and entries(cloned.cache) == {}
        return cloned

    return make


def test_pull_in_a_clone_gives_what_was_pushed_and_the_password_stays_out_of_git(project_of, clone, server):
    project = project_of("mel", "train")
    (project.folder / ".dvc" / "config.local").unlink()
    project.dvc("remote", "modify", "--local", "store", "password", PASSWORD)
    # Two outputs of stage mel, one of them a folder, and one of stage train.
    assert f"{N_SHARDS + 3} files pushed" in project.dvc("push")
    assert "in sync" in project.dvc("status", "--cloud")
    assert set(server.files()) == set(entries(project.cache)) and broken(server.files()) == []

    cloned = clone(project)
    cloned.dvc("pull")
    assert outputs(cloned) == outputs(project) and len(outputs(cloned)) == N_SHARDS + 2
    assert "up to date" in cloned.dvc("status")
    assert "in sync" in cloned.dvc("status", "--cloud")

    assert PASSWORD in (project.folder / ".dvc" / "config.local").read_text()
    assert PASSWORD not in (project.folder / ".dvc" / "config").read_text()
    assert "config.local" not in project.run("git", "ls-files", "--others", "--cached", "--exclude-standard")
    assert PASSWORD not in project.run("git", "log", "--patch", "--all")
    assert project.run("git", "status", "--porcelain") == ""


def test_one_stage_can_be_pushed_without_the_others(project_of, clone, server):
    project = project_of("mel", "train")
    assert "1 file pushed" in project.dvc("push", "train")
    assert set(server.files()) == {md5(project.folder / "data" / "model.keras")}

    cloned = clone(project)
    cloned.dvc("pull", "train")
    assert set(outputs(cloned)) == {"model.keras"}


def test_a_wrong_password_is_named_and_changes_nothing(project_of, clone, server):
    project = project_of("mel")
    before = contents(project.cache)
    project.set_remote(password="wrong")
    said = project.dvc("push", fails=True)
    assert "401 (Not Authorized)" in said and f"127.0.0.1:{server.port}" in said
    assert contents(project.cache) == before
    assert contents(server.root) == {}

    project.set_remote(password=PASSWORD)
    project.dvc("push")
    assert contents(project.cache) == before
    assert set(server.files()) == set(entries(project.cache)) and broken(server.files()) == []

    cloned = clone(project, password="wrong")
    said = cloned.dvc("pull", fails=True)
    assert "401 (Not Authorized)" in said and f"127.0.0.1:{server.port}" in said
    assert outputs(cloned) == {} and entries(cloned.cache) == {}
    cloned.set_remote(password=PASSWORD)
    cloned.dvc("pull")
    assert outputs(cloned) == outputs(project)


def test_a_push_whose_server_goes_away_leaves_one_file_cut_short_that_verify_names(project_of, clone, server):
    project = project_of("mel", "train")
    before = contents(project.cache)
    server.start(dies_in="begin_write", nth=12, after=SHARD_BYTES // 2)
    said = project.dvc("push", "--jobs", "1", fails=True)
    assert server.died()
    assert "failed to transfer" in said and "Connection refused" in said
    assert contents(project.cache) == before
    # The list of a folder's files goes last: a folder whose files are not all there is not one that the remote has.
    arrived = server.files()
    assert 11 <= len(arrived) <= 13 and not [name for name in arrived if name.endswith(".dir")]
    # The file that was on its way lies there cut short, under its whole name.
    (cut_short,) = broken(arrived)

    # The next push brings all that is missing, but takes what the remote has for right; a pull that verifies does not.
    server.start()
    project.dvc("push")
    assert contents(project.cache) == before
    assert set(server.files()) == set(entries(project.cache)) and broken(server.files()) == [cut_short]
    (name,) = (f"data/{name}" for name, found in outputs(project).items() if found == cut_short)
    cloned = clone(project)
    cloned.set_remote(password=PASSWORD, verify="true")
    cloned.dvc("pull", fails=True)
    assert cloned.dvc("status", "--cloud").split() == ["deleted:", name]
    assert set(entries(cloned.cache)) == set(entries(project.cache)) - {cut_short}
    assert broken(entries(cloned.cache)) == []

    # What mends it. Of a folder also its list has to go, for a push to look at its files again.
    for entry, path in server.files().items():
        if entry == cut_short or entry.endswith(".dir"):
            path.unlink()
    project.dvc("push")
    assert broken(server.files()) == []
    cloned.dvc("pull")
    assert outputs(cloned) == outputs(project)


def test_a_pull_whose_server_goes_away_is_completed_by_the_next(project_of, clone, server):
    project = project_of("mel", "train")
    project.dvc("push")
    held = contents(server.root)
    cloned = clone(project)
    server.start(dies_in="get_content", nth=12, after=SHARD_BYTES // 2)
    said = cloned.dvc("pull", "--jobs", "1", fails=True)
    assert server.died()
    assert "failed to transfer" in said and "connection" in said.lower()
    assert 11 <= len(entries(cloned.cache)) <= 13

    server.start()
    cloned.dvc("pull")
    assert outputs(cloned) == outputs(project)
    assert set(entries(cloned.cache)) == set(entries(project.cache)) and broken(entries(cloned.cache)) == []
    assert "up to date" in cloned.dvc("status")
    assert contents(server.root) == held


def test_verify_keeps_what_a_broken_pull_left_cut_short_out_of_the_cache(project_of, clone, server):
    """Without `verify`, the file stays in the cache as if it were whole, and no command finds it."""
    project = project_of("activations")
    project.dvc("push")
    cloned = clone(project)
    cloned.set_remote(password=PASSWORD, verify="true")
    # In the midst of the last: DVC then goes on to call whatever it has got its own.
    server.start(dies_in="get_content", nth=N_BIG, after=BIG_BYTES - 500_000)
    said = cloned.dvc("pull", "--jobs", "1", fails=True)
    assert server.died()
    assert "failed to transfer" in said and "connection" in said.lower()
    assert len(entries(cloned.cache)) >= N_BIG - 1 and broken(entries(cloned.cache)) == []

    server.start()
    cloned.dvc("pull")
    assert outputs(cloned) == outputs(project)
    assert set(entries(cloned.cache)) == set(entries(project.cache)) and broken(entries(cloned.cache)) == []


def test_verify_names_what_changed_on_the_remote(project_of, clone, server):
    project = project_of("mel", "train")
    project.dvc("push")
    shard, model = (project.folder / "data" / name for name in ("mel/shard-07.npy", "model.keras"))
    for path in (shard, model):
        flip_a_bit(server.files()[md5(path)])

    cloned = clone(project)
    cloned.set_remote(password=PASSWORD, verify="true")
    said = cloned.dvc("pull", fails=True)
    assert "data/mel" in said and "data/model.keras" in said
    # Of a folder, `status --cloud` says which file.
    said = cloned.dvc("status", "--cloud").split()
    assert set(said) == {"deleted:", "data/mel/shard-07.npy", "data/model.keras"}
    assert set(outputs(cloned)) == {"tracks.csv"}
    assert broken(entries(cloned.cache)) == []
