"""Which modules a checkpoint and a dump depend on: a change of any of them must not resume an earlier run."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import earfield
from earfield.configuration.code_dependencies import CANNOT_CHANGE_A_NUMBER, code_of
from earfield.train import checkpoint

PACKAGE = Path(earfield.__file__).parent
RESUMABLE = {"earfield.train.training": "train/training.py", "earfield.activations.dump": "activations/dump.py"}
LISTING = """
import importlib, json, sys
found = {}
for name in sys.argv[1:]:
    importlib.import_module(name)
    own = [key for key in sys.modules if key.split(".")[0] == "earfield"]
    found[name] = [sys.modules.pop(key).__file__ for key in own]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported():
    """Modules that Python itself loads for each resumable job."""
    command = [sys.executable, "-c", LISTING, *RESUMABLE]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name: set(map(Path, files)) for name, files in json.loads(done.stdout).items()}


@pytest.mark.parametrize("job", RESUMABLE)
def test_a_change_of_any_module_that_a_job_imports_changes_its_fingerprint_and_of_no_other(monkeypatch, imported, job):
    code = code_of(PACKAGE / RESUMABLE[job])
    before = checkpoint.run_fingerprint(code, {})
    changed = set()
    for module in PACKAGE.rglob("*.py"):

        def read(path, mode, module=module):
            content = Path(path).read_bytes()
            return io.BytesIO(content + b"#" if Path(path) == module else content)

        monkeypatch.setattr(checkpoint, "open", read, raising=False)
        if checkpoint.run_fingerprint(code, {}) != before:
            changed.add(module)
    # A room's `__init__` holds nothing but its docstring.
    own = {path for path in imported[job] - CANNOT_CHANGE_A_NUMBER if path.name != "__init__.py"}
    assert PACKAGE / RESUMABLE[job] in own
    assert changed == own
