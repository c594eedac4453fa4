"""What a training was computed with: the same for every run on one machine, and true."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from earfield.train import environment
from earfield.train.environment import describe_environment, write_environment

# A job on one of the machine's processors.
JOB = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
from earfield.network.device import configure
configure(1)
from earfield.train.environment import write_environment
write_environment(sys.argv[1], seed=7)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write the environment in a process of its own: one thread, another name of the machine, no oneDNN."""
    path = tmp_path_factory.mktemp("environment") / "environment.json"
    own = {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1", "HOSTNAME": "elsewhere", "TF_ENABLE_ONEDNN_OPTS": "0"}
    subprocess.run([sys.executable, "-c", JOB, str(path)], check=True, cwd=path.parent, env=os.environ | own)
    return path.read_bytes()


def test_environment_depends_neither_on_threads_nor_on_the_run_but_on_onednn(written):
    found, here = json.loads(written), describe_environment(seed=7)
    assert found.pop("onednn") is False
    assert here.pop("onednn") is (os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1")
    assert found == here


def test_file_is_sorted_json_with_a_last_newline(written):
    facts = json.loads(written)
    assert written.decode() == json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert facts["seed"] == 7


def test_versions_are_those_that_are_installed(tmp_path):
    write_environment(tmp_path / "environment.json", seed=1)
    facts = json.loads((tmp_path / "environment.json").read_text(encoding="utf-8"))
    assert facts == describe_environment(seed=1)
    assert facts["python"] == f"{platform.python_implementation()} {platform.python_version()}"
    assert facts["tensorflow"]["version"] == version("tensorflow")
    assert {"keras", "numpy"} <= set(facts["packages"])
    for name in set(facts["packages"]) - {"earfield"}:
        assert facts["packages"][name] == version(name)


def test_package_that_runs_from_its_sources_has_no_version(monkeypatch):
    def only_others(name):
        if name == "earfield":
            raise PackageNotFoundError(name)
        return "1.2.3"

    monkeypatch.setattr(environment, "version", only_others)
    packages = describe_environment(seed=1)["packages"]
    assert packages.pop("earfield") is None
    assert set(packages.values()) == {"1.2.3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor\t: 0\nmodel name\t: Some Processor @ 2.20GHz: fast\n\nmodel name\t: Another\n", "@ 2.20GHz: fast"),
        ("processor\t: 0\nCPU implementer\t: 0x41\n", "by Python"),
        (None, "by Python"),
    ],
)
def test_processor_is_the_first_model_that_linux_names(tmp_path, monkeypatch, text, expected):
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(environment, "_CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "processor", lambda: "named by Python")
    assert describe_environment(seed=1)["processor"].endswith(expected)


def test_gpus_are_named(monkeypatch):
    import earfield.network.device  # noqa: F401

    # isort: split
    import tensorflow as tf

    names = {"a": {"device_name": "Some GPU", "compute_capability": (9, 0)}, "b": {}}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: list(names) if kind == "GPU" else [])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", names.get)
    assert describe_environment(seed=1)["gpus"] == ["Some GPU", "unknown"]


def test_build_without_cuda_has_no_version_of_it(monkeypatch):
    import earfield.network.device  # noqa: F401

    # isort: split
    import tensorflow as tf

    monkeypatch.setattr(tf.sysconfig, "get_build_info", lambda: {"is_cuda_build": False, "cpu_compiler": "/usr/bin/cc"})
    assert describe_environment(seed=1)["tensorflow"] == {"version": tf.__version__, "cuda": False, "rocm": False}
