"""Downloads from a local server that misbehaves in every way that mirrors do."""

import hashlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from earfield.errors import DatasetError, EarfieldError
from earfield.tracks.download import download

BODY = hashlib.shake_256(b"an archive").digest(1_000_000)
OTHER = hashlib.shake_256(b"another version").digest(1_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
QUICK = {"pause": 0.0, "timeout": 5.0}


@dataclass
class Answer:
    """One answer of the server."""

    body: bytes = BODY
    status: int = 200
    etag: str = '"1"'
    length: int | None = -1  # announced length; -1 is the true one, None announces none
    cut: int | None = None  # ends the connection after so many bytes
    ranges: bool = True
    shift: int = 0  # serves another range than the one asked for
    wait: threading.Event | None = None  # holds back what lies behind `cut`


class Mirror:
    """An HTTP server that gives `answers` in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ranges = []

    def __enter__(self):
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                mirror.ranges.append(self.headers.get("Range"))
                mirror.give(self, mirror.answers.pop(0) if len(mirror.answers) > 1 else mirror.answers[0])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/genres.tar.gz"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()

    def give(self, handler, answer):
        body, status = answer.body, answer.status
        asked = handler.headers.get("Range")
        valid = handler.headers.get("If-Range") in (None, answer.etag)
        if asked and answer.ranges and valid and status == 200:
            start = int(asked.removeprefix("bytes=").removesuffix("-")) + answer.shift
            status = 206 if start < len(body) else 416
            handler.send_response(status)
            span = f"{start}-{len(body) - 1}" if status == 206 else "*"
            handler.send_header("Content-Range", f"bytes {span}/{len(body)}")
            body = body[start:]
        else:
            handler.send_response(status)
        if answer.etag:
            handler.send_header("ETag", answer.etag)
        if answer.length is not None:
            handler.send_header("Content-Length", str(len(body) if answer.length == -1 else answer.length))
        handler.end_headers()
        try:
            handler.wfile.write(body[: answer.cut])
            if answer.wait:
                answer.wait.wait(10)
                handler.wfile.write(body[answer.cut :])
        except OSError:
            pass  # the client went away, as it may


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "genres.tar.gz"


def left_in(path):
    return sorted(p.name for p in path.parent.iterdir())


def test_whole_file_takes_its_name_and_nothing_else_stays(path, capsys):
    with Mirror(Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK) is True
    assert path.read_bytes() == BODY
    assert left_in(path) == [path.name]
    assert mirror.ranges == [None]
    assert "genres.tar.gz" in capsys.readouterr().err, "no progress bar"


def test_file_that_is_here_is_checked_and_not_fetched(path):
    path.parent.mkdir()
    path.write_bytes(BODY)
    assert download([], path, sha256=SHA256.upper()) is True
    with pytest.raises(DatasetError, match="Remove it to download it again"):
        download([], path, sha256="0" * 64)
    assert path.read_bytes() == BODY


def test_dropped_connections_resume_with_the_rest_only(path):
    with Mirror(Answer(cut=300_000), Answer(cut=300_000), Answer(cut=10), Answer(cut=0), Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in mirror.ranges[1:]]
    assert mirror.ranges[0] is None
    assert starts == sorted(starts) and 200_000 < starts[0] <= 300_000 and 400_000 < starts[-1] <= 600_010
    assert path.read_bytes() == BODY


def test_each_byte_of_progress_earns_new_attempts(path):
    with Mirror(*[Answer(cut=100_000)] * 9, Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, attempts=2, **QUICK)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("etag", ['"1"', ""])
def test_server_without_ranges_starts_over(path, etag):
    with Mirror(Answer(cut=400_000, etag=etag), Answer(ranges=False, etag=etag)) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert (mirror.ranges[1] is not None) == bool(etag), "without a validator no range may be asked for"
    assert path.read_bytes() == BODY


def test_server_that_always_drops_is_given_up(path):
    with Mirror(Answer(cut=400_000, ranges=False)) as mirror:
        with pytest.raises(DatasetError, match="ended the connection|IncompleteRead.*3 attempts"):
            download([mirror.url], path, sha256=SHA256, attempts=3, **QUICK)
    assert not path.exists()
    assert len(mirror.ranges) == 4


def test_version_that_changes_between_attempts_is_never_mixed(path):
    with Mirror(Answer(OTHER, cut=400_000, etag='"0"'), Answer(etag='"1"')) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert len(mirror.ranges) == 2 and mirror.ranges[1], "If-Range makes the second answer a whole file"
    assert path.read_bytes() == BODY


@pytest.mark.parametrize(
    "second",
    [Answer(shift=1), Answer(BODY[:999_999]), Answer(BODY[:100], etag='"1"')],
    ids=["other range", "other length", "range beyond the end"],
)
def test_wrong_part_is_dropped_and_fetched_anew(path, second):
    with Mirror(Answer(cut=400_000), second, Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges[2] is None
    assert path.read_bytes() == BODY


def test_part_of_one_mirror_is_not_continued_at_another(path):
    with Mirror(Answer(OTHER, cut=400_000), Answer(status=404)) as first, Mirror(Answer()) as second:
        assert download([first.url, second.url], path, sha256=SHA256, **QUICK)
    assert first.ranges[1] is not None and second.ranges == [None]
    assert path.read_bytes() == BODY


def test_later_call_continues_at_the_mirror_that_began(path):
    with Mirror(Answer(status=404)) as dead, Mirror(Answer(cut=400_000), Answer(cut=0)) as begun:
        with pytest.raises(DatasetError):
            download([dead.url, begun.url], path, sha256=SHA256, attempts=1, **QUICK)
        assert left_in(path) == ["genres.tar.gz.part", "genres.tar.gz.part.json"]
        begun.answers = [Answer()]
        asked = len(dead.ranges)
        assert download([dead.url, begun.url], path, sha256=SHA256, **QUICK)
    assert len(dead.ranges) == asked
    assert begun.ranges[-1] is not None


@pytest.mark.parametrize("total", [len(BODY), None], ids=["length known", "length unknown"])
def test_whole_part_of_a_killed_call_is_not_fetched_again(path, total):
    path.parent.mkdir()
    path.with_name("genres.tar.gz.part").write_bytes(BODY)
    with Mirror(Answer()) as mirror:
        origin = {"url": mirror.url, "validator": '"1"', "total": total}
        path.with_name("genres.tar.gz.part.json").write_text(json.dumps(origin))
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges == ([] if total else [f"bytes={len(BODY)}-"]), "the second is answered by 416"


def test_damaged_note_of_the_origin_means_a_fresh_start(path):
    path.parent.mkdir()
    path.with_name("genres.tar.gz.part").write_bytes(OTHER[:5000])
    path.with_name("genres.tar.gz.part.json").write_text('{"url": ')
    with Mirror(Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges == [None]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(BODY[:500_000]), "500000 bytes with the sha256"),
        (Answer(BODY, length=500_000), "500000 bytes with the sha256"),
        (Answer(BODY, length=1_500_000, ranges=False), "of 1500000 bytes|IncompleteRead"),
        (Answer(BODY[:500_000], length=None), "500000 bytes with the sha256"),
        (Answer(OTHER), "instead of " + SHA256),
        (Answer(b"<html>Log in</html>"), "19 bytes with the sha256"),
        (Answer(b""), "0 bytes with the sha256"),
        (Answer(status=404), "answered 404 Not Found"),
        (Answer(status=503), "answered 503 .* 2 attempts"),
        (Answer(BODY * 3), "announces 3000000 bytes, more than the 2000000 allowed"),
        (Answer(BODY * 3, length=None), "sends more than the 2000000 bytes allowed"),
    ],
    ids=["half", "short", "longer", "cut", "tampered", "html", "empty", "missing", "busy", "huge", "endless"],
)
def test_bad_mirror_is_named_with_its_reason_and_the_next_one_serves(path, answer, reason):
    options = {"sha256": SHA256, "limit": 2_000_000, "attempts": 2, **QUICK}
    with Mirror(answer) as bad, Mirror(Answer()) as good:
        with pytest.raises(DatasetError, match=f"{bad.url} .*({reason}).*Get it by hand"):
            download([bad.url], path, mend="Get it by hand.", **options)
        assert not path.exists()
        assert download([bad.url, good.url], path, **options)
    assert path.read_bytes() == BODY
    assert left_in(path) == [path.name]


def test_length_that_is_a_lie_does_not_cost_the_file(path):
    with Mirror(Answer(length=1_500_000)) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges == [None, "bytes=1000000-"], "its answer 416 says that nothing is missing"
    assert path.read_bytes() == BODY


def test_silent_and_unreachable_mirrors(path):
    with socket.socket() as listener, socket.socket() as closed:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        closed.bind(("127.0.0.1", 0))
        silent, refused = (f"http://127.0.0.1:{s.getsockname()[1]}/" for s in (listener, closed))
        with pytest.raises(DatasetError) as error:
            urls = [silent, refused, "ftp://example.org/x", "no address"]
            download(urls, path, sha256=SHA256, timeout=0.1, attempts=2, pause=0.0)
    reasons = str(error.value).split("; ")
    assert [reason.removeprefix("No mirror gave genres.tar.gz: ").split(" ")[0] for reason in reasons] == [
        silent,
        refused,
        "ftp://example.org/x",
        "no",
    ]
    assert "timed out" in reasons[0] and "refused" in reasons[1] and "ftp" in reasons[2]
    assert not path.exists()


def test_silence_in_the_middle_resumes(path):
    never = threading.Event()
    with Mirror(Answer(cut=600_000, wait=never), Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, timeout=0.2, pause=0.0)
        never.set()
    assert mirror.ranges[1] is not None
    assert path.read_bytes() == BODY


def test_stored_gzip_that_is_declared_an_encoding_stays_as_stored(path):
    class Encoded(Mirror):
        def give(self, handler, answer):
            handler.send_response(200)
            handler.send_header("Content-Encoding", "gzip")
            handler.end_headers()
            handler.wfile.write(answer.body)

    with Encoded(Answer()) as mirror:
        assert download([mirror.url], path, sha256=SHA256, **QUICK)


def test_unknown_hash_is_left_to_the_caller(path):
    def refuse(file):
        raise DatasetError(f"{file.name} has a track too many.")

    with Mirror(Answer(OTHER)) as mirror, Mirror(Answer(status=404)) as missing:
        with pytest.raises(DatasetError, match="a track too many; .* answered 404"):
            download([mirror.url, missing.url], path, sha256=SHA256, accept=refuse, **QUICK)
        assert left_in(path) == []
        judged = []
        assert download([mirror.url], path, sha256=SHA256, accept=judged.append, **QUICK) is False
        assert [file.name for file in judged] == ["genres.tar.gz.part"]
        assert download([mirror.url], path, sha256=SHA256, accept=judged.append) is False
        assert judged[1] == path
    assert path.read_bytes() == OTHER


def test_whole_file_survives_a_fault_of_the_judge(path):
    def fail(file):
        raise EarfieldError("no room to unpack")

    with Mirror(Answer(OTHER)) as mirror:
        with pytest.raises(EarfieldError, match="no room"):
            download([mirror.url], path, sha256=SHA256, accept=fail, **QUICK)
        assert download([mirror.url], path, sha256=SHA256, accept=lambda file: None, **QUICK) is False
    assert mirror.ranges == [None], "it was fetched twice"


PROGRAM = """
import resource, sys
from earfield.tracks.download import download
from earfield.errors import EarfieldError
url, path, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    download([url], path, timeout=20)
except EarfieldError as error:
    sys.exit(type(error).__name__ + ": " + str(error))
"""


def test_killed_download_resumes(path):
    part = path.with_name("genres.tar.gz.part")
    hold = threading.Event()
    with Mirror(Answer(cut=700_000, wait=hold), Answer()) as mirror:
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, mirror.url, path, "0"])
        deadline = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        hold.set()
        arrived = part.stat().st_size
        assert not path.exists() and 0 < arrived < len(BODY)
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges == [None, f"bytes={arrived}-"]
    assert path.read_bytes() == BODY


def test_file_that_cannot_grow_is_one_sentence_and_resumes(path):
    with Mirror(Answer()) as mirror:
        child = subprocess.run(
            [sys.executable, "-c", PROGRAM, mirror.url, path, "600000"], capture_output=True, text=True
        )
        message = child.stderr.strip().splitlines()[-1]
        assert message.startswith(f"EarfieldError: {path}.part cannot be written (File too large)")
        assert "bytes are needed" in message and "are free" in message
        assert not path.exists()
        assert download([mirror.url], path, sha256=SHA256, **QUICK)
    assert mirror.ranges[1] is not None


@pytest.mark.parametrize(
    ("length", "why"),
    [(-1, "the disk is too full"), (None, "No space left on device")],
    ids=["length announced", "length unknown"],
)
def test_full_disk(tmp_path, length, why):
    """Download 1 MB to a file system of 512 KiB, in a mount namespace of its own."""
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=512k tmpfs "$1" && cd "$1" && shift && "$@"; code=$?; ls -A; exit $code'
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(small)]
    try:
        subprocess.run([*inside, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this system does not let a user mount a file system: {error}")
    with Mirror(Answer(length=length)) as mirror:
        child = subprocess.run(
            [*inside, sys.executable, "-c", PROGRAM, mirror.url, str(small / "genres.tar.gz"), "0"],
            capture_output=True,
            text=True,
        )
    message = child.stderr.strip().splitlines()[-1]
    assert child.returncode == 1, child.stderr
    assert message.startswith(f"EarfieldError: {small / 'genres.tar.gz'}.part cannot be written ({why})")
    assert "genres.tar.gz" not in child.stdout.split(), "half a file stands under the final name"
