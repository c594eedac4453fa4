"""Downloads from a local server that misbehaves in the ways that mirrors do."""

import hashlib
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from earfield.errors import DatasetError, EarfieldError
from earfield.tracks import download as download_module
from earfield.tracks.download import download

BODY = hashlib.shake_256(b"an archive").digest(1_000_000)
OTHER = hashlib.shake_256(b"another version").digest(1_000_000)


@dataclass
class Answer:
    """One answer of the server."""

    body: bytes = BODY
    status: int = 200
    length: int | None = -1  # announced length; -1 is the true one, None announces none
    cut: int | None = None  # ends the connection after so many bytes
    ranges: bool = True
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
        if asked and answer.ranges and status == 200:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(body) else 416
            handler.send_response(status)
            span = f"{start}-{len(body) - 1}" if status == 206 else "*"
            handler.send_header("Content-Range", f"bytes {span}/{len(body)}")
            body = body[start:]
        else:
            handler.send_response(status)
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
def _quick(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name, value in (("_PAUSE", 0.0), ("_TIMEOUT", 5.0), ("_ATTEMPTS", 2)):
        monkeypatch.setattr(download_module, name, value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "genres.tar.gz"


def left_in(path):
    return [p.name for p in path.parent.iterdir()]


def is_body(file):
    if file.read_bytes() != BODY:
        raise DatasetError(f"{file.stat().st_size} bytes are not the right ones.")


def fetch(urls, path, *, accept=is_body, limit=2_000_000):
    download(urls, path, accept=accept, limit=limit, fix="Get it by hand.")


def test_whole_file_takes_its_name_and_nothing_else_stays(path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Mirror(Answer()) as mirror:
        fetch([mirror.url], path)
        fetch([mirror.url], path)
    assert path.read_bytes() == BODY and left_in(path) == [path.name]
    assert mirror.ranges == [None]
    assert "genres.tar.gz" in capsys.readouterr().err, "no progress bar"


def test_file_that_is_here_and_refused_stays(path):
    path.parent.mkdir()
    path.write_bytes(OTHER)
    with pytest.raises(DatasetError, match=f"{path} is refused: .* Remove it to download it again"):
        fetch([], path)
    assert path.read_bytes() == OTHER


def test_dropped_connections_resume_with_the_rest_only(path):
    with Mirror(*[Answer(cut=100_000)] * 5, Answer(cut=0), Answer()) as mirror:
        fetch([mirror.url], path)
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in mirror.ranges[1:]]
    assert mirror.ranges[0] is None and starts == sorted(starts) and starts[-1] > 100_000
    assert path.read_bytes() == BODY


def test_silence_in_the_middle_resumes(path, monkeypatch):
    monkeypatch.setattr(download_module, "_TIMEOUT", 0.3)
    never = threading.Event()
    with Mirror(Answer(cut=600_000, wait=never), Answer()) as mirror:
        fetch([mirror.url], path)
        never.set()
    assert mirror.ranges[1] is not None and path.read_bytes() == BODY


def test_server_without_ranges_starts_over(path):
    with Mirror(Answer(cut=400_000), Answer(ranges=False)) as mirror:
        fetch([mirror.url], path)
    assert path.read_bytes() == BODY


def test_server_that_always_drops_is_given_up(path):
    with Mirror(Answer(cut=400_000, ranges=False)) as mirror, pytest.raises(DatasetError, match="IncompleteRead"):
        fetch([mirror.url], path)
    assert not path.exists() and len(mirror.ranges) == 3


def test_next_run_continues_each_mirror_where_it_was(path):
    with Mirror(Answer(OTHER, cut=300_000), Answer(status=404)) as first, Mirror(Answer(cut=400_000)) as second:
        second.answers += [Answer(status=404)]
        with pytest.raises(DatasetError, match="404 .*404"):
            fetch([first.url, second.url], path)
        assert len(left_in(path)) == 2 and not path.exists()
        second.answers = [Answer()]
        fetch([first.url, second.url], path)
    assert second.ranges[-1] not in (None, "bytes=0-") and path.read_bytes() == BODY


def test_version_that_changed_since_the_last_run_is_fetched_from_its_start(path):
    with Mirror(Answer(OTHER, cut=400_000), Answer(status=404)) as mirror:
        with pytest.raises(DatasetError):
            fetch([mirror.url], path)
        mirror.answers = [Answer()]
        fetch([mirror.url], path)
    assert mirror.ranges[-2] is not None and mirror.ranges[-1] is None
    assert path.read_bytes() == BODY and left_in(path) == [path.name]


def test_whole_file_survives_a_fault_of_the_judge(path):
    def fail(file):
        raise EarfieldError("no room to unpack")

    with Mirror(Answer()) as mirror:
        with pytest.raises(EarfieldError, match="no room"):
            fetch([mirror.url], path, accept=fail)
        fetch([mirror.url], path)
    assert mirror.ranges == [None, "bytes=1000000-"], "its answer 416 says that nothing is missing"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(BODY[:500_000]), "500000 bytes are not"),
        (Answer(BODY, length=500_000), "500000 bytes are not"),
        (Answer(BODY, length=1_500_000, ranges=False), "IncompleteRead"),
        (Answer(BODY[:500_000], length=None), "500000 bytes are not"),
        (Answer(OTHER), "1000000 bytes are not"),
        (Answer(b"<html>Log in</html>"), "19 bytes are not"),
        (Answer(status=404), "404 .*Not Found"),
        (Answer(status=503), "503 .*Service Unavailable"),
        (Answer(BODY * 3), "it has 3000000 bytes, more than the 2000000 allowed"),
        (Answer(BODY * 3, length=None), "it has more than the 2000000 bytes allowed"),
    ],
    ids=["half", "short", "longer", "cut", "tampered", "html", "missing", "busy", "huge", "endless"],
)
def test_bad_mirror_is_named_with_its_reason_and_the_next_one_serves(path, answer, reason):
    with Mirror(answer) as bad, Mirror(Answer()) as good:
        with pytest.raises(DatasetError, match=f"{bad.url} .*({reason}).*Get it by hand"):
            fetch([bad.url], path)
        assert not path.exists()
        fetch([bad.url, good.url], path)
    assert path.read_bytes() == BODY


def test_silent_and_unreachable_mirrors(path, monkeypatch):
    monkeypatch.setattr(download_module, "_TIMEOUT", 0.1)
    with socket.socket() as listener, socket.socket() as closed:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        closed.bind(("127.0.0.1", 0))
        silent, refused = (f"http://127.0.0.1:{s.getsockname()[1]}/" for s in (listener, closed))
        with pytest.raises(DatasetError) as error:
            fetch([silent, refused, "ftp://example.org/x", "no address"], path)
    reasons = str(error.value).split("; ")
    assert [reason.split(" failed: ")[0].split(" ")[-1] for reason in reasons] == [
        silent,
        refused,
        "ftp://example.org/x",
        "address",
    ]
    assert "timed out" in reasons[0] and "refused" in reasons[1] and "ftp" in reasons[2]


def test_stored_gzip_that_is_declared_an_encoding_stays_as_stored(path):
    class Encoded(Mirror):
        def give(self, handler, answer):
            handler.send_response(200)
            handler.send_header("Content-Encoding", "gzip")
            handler.end_headers()
            handler.wfile.write(answer.body)

    with Encoded(Answer()) as mirror:
        fetch([mirror.url], path)


def test_full_disk_is_one_sentence_and_the_next_run_continues(path, largest_file):
    with Mirror(Answer()) as mirror:
        largest_file(600_000)
        with pytest.raises(EarfieldError) as caught:
            fetch([mirror.url], path)
        assert not isinstance(caught.value, DatasetError) and not path.exists()
        assert "part cannot be written (File too large): make room and run again; the 600000 bytes" in str(caught.value)
        largest_file(-1)
        fetch([mirror.url], path)
    assert mirror.ranges[1] == "bytes=600000-" and path.read_bytes() == BODY


def test_file_for_which_there_is_no_room_is_not_begun(path):
    with (
        Mirror(Answer(length=10**18)) as mirror,
        pytest.raises(EarfieldError, match=r"10{18} bytes are needed and \d+ "),
    ):
        fetch([mirror.url], path, limit=10**19)
    assert left_in(path) == []
