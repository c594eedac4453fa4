"""Record of the machine, the libraries and the seed of a training, without anything that varies between runs."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from earfield.files.atomic import write_aside

_CPUINFO = Path("/proc/cpuinfo")
# Packages that the numbers or the file of a training could depend on. A fixed list: an environment for training alone
# lacks this package's other dependencies, and this package itself, which runs from its sources there.
_PACKAGES = ("earfield", "h5py", "keras", "ml_dtypes", "numpy", "pandas")


def describe_environment(*, seed: int) -> dict[str, Any]:
    """Describe the environment of a training.

    Two runs with one seed on one machine give the same description with any number of processors: it has no time, path,
    host name or number of threads.

    Returns
    -------
    dict
        `python`, `operating_system` (with its C library, which computes logarithms), `machine` (the type of
        processor), `processor` (its model), `gpus` (names of those that TensorFlow sees), `onednn` (whether oneDNN is
        on, which rounds differently), `tensorflow` (`version`, `cuda`, `rocm`, and `cuda_version` and
        `cudnn_version` if built with them), `packages` (version of each, None for one that is not installed) and
        `seed`. All of it can be written as JSON.
    """
    import earfield.network.device  # noqa: F401  # configures TensorFlow before its first import

    # isort: split
    import tensorflow as tf
    from tensorflow.python.util import _pywrap_util_port  # there is no public way to ask whether oneDNN is on

    build = tf.sysconfig.get_build_info()
    details = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "operating_system": _operating_system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "gpus": [str(each.get("device_name", "unknown")) for each in details],
        "onednn": bool(_pywrap_util_port.IsMklEnabled()),
        "tensorflow": {
            "version": tf.__version__,
            "cuda": bool(build.get("is_cuda_build", False)),
            "rocm": bool(build.get("is_rocm_build", False)),
            **{key: str(build[key]) for key in ("cuda_version", "cudnn_version") if key in build},
        },
        "packages": {name: _version(name) for name in _PACKAGES},
        "seed": seed,
    }


def write_environment(path: str | os.PathLike[str], *, seed: int) -> None:
    """Write `describe_environment` of a training as JSON."""
    content = json.dumps(describe_environment(seed=seed), ensure_ascii=False, indent=1, sort_keys=True)
    with write_aside(path) as aside:
        aside.write_text(content + "\n", encoding="utf-8")


def _operating_system() -> str:
    """Name the system with the version of its C library, which only Linux gives separately."""
    if platform.system() != "Linux":
        return platform.platform(terse=True)
    return " ".join(["Linux", *filter(None, platform.libc_ver())])


def _processor() -> str:
    """Name the processor's model, which Python does not know on Linux."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == "model name"]
    return next(filter(None, [*models, platform.processor()]), "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
