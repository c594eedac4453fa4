"""A device under JAX or PyTorch, ways to compute a training step on it, and the batches that it trains on."""

import importlib
import itertools
import platform
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_network import FRAMES, N_LABELS, N_MELS, build_network, gather, lean_probabilities

PATHS = {
    "keras_host": "train_on_batch; segments copied on the host, then moved to the device",
    "keras_prefetch": "the same, by a thread that works up to three batches ahead",
    "keras_device": "train_on_batch; all tracks on the device, where a layer gathers the segments",
    "step": "as before, but one compiled step under JAX, an eager one under PyTorch, and no wait for its loss",
    "step_lean": "the same function: ReLU after the pool, no convolution where the pool drops the result",
    "step_lean_max": "the pool as a maximum over a reshaped map, compiled under PyTorch too",
}
_AHEAD = 3  # batches
_FED_BY_HOST = ("keras_host", "keras_prefetch")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    tracks: int = 1000
    track_frames: int = 2580  # of 30 s
    batch: int = 150
    steps: int = 80  # in a repeat
    repeats: int = 5
    product: int = 8192  # rows and columns
    copy_mb: int = 1024


QUICK = Sizes(tracks=20, track_frames=400, batch=4, steps=2, repeats=2, product=256, copy_mb=16)


def label_spectra() -> np.ndarray:
    """Return the planted spectrum of each label: a broad rise of power around mel bands of its own.

    Returns
    -------
    np.ndarray [shape=(N_LABELS, N_MELS), dtype=float32]
        Mean power.
    """
    centres = np.linspace(0, N_MELS - 1, N_LABELS)[:, None]
    rise = np.exp(-0.5 * ((np.arange(N_MELS) - centres) / 6) ** 2)
    return (1 + 2 * rise).astype(np.float32)


def write_mel(path: Path, sizes: Sizes) -> None:
    """Write ln(1 + power) of noise, track after track, [shape=(tracks * track_frames, N_MELS)]; labels take turns."""
    generator, spectra = np.random.default_rng(0), label_spectra()
    shape = (sizes.tracks * sizes.track_frames, N_MELS)
    mel = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for track in range(sizes.tracks):
        power = generator.standard_exponential((sizes.track_frames, N_MELS), dtype=np.float32)
        rows = slice(track * sizes.track_frames, (track + 1) * sizes.track_frames)
        np.log1p(power * spectra[track % N_LABELS], out=mel[rows])
    mel.flush()


def draw_batches(sizes: Sizes, *, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw random segments without end.

    Yields
    ------
    first, labels : np.ndarray [shape=(batch,), dtype=int32]
        Row of each segment's first frame, and its label. Tracks come in rounds of random order.
    """
    generator, waiting = np.random.default_rng(seed), np.empty(0, int)
    while True:
        while len(waiting) < sizes.batch:
            waiting = np.append(waiting, generator.permutation(sizes.tracks))
        tracks, waiting = waiting[: sizes.batch], waiting[sizes.batch :]
        starts = generator.integers(0, sizes.track_frames - FRAMES + 1, sizes.batch)
        yield (tracks * sizes.track_frames + starts).astype(np.int32), (tracks % N_LABELS).astype(np.int32)


class Device:
    """The backend in use and its first device.

    Attributes
    ----------
    facts : dict
        `backend`, `card`, `driver`, `keras` and `backend_version`.
    """

    def __init__(self) -> None:
        import keras

        self.backend = keras.backend.backend()
        self._module = importlib.import_module(self.backend)
        if self.backend == "jax":
            self._first = self._module.devices()[0]
            self.gpu, card = self._first.platform != "cpu", self._first.device_kind
        else:
            self._first = self._module.accelerator.current_accelerator()
            self.gpu, cuda = self._module.accelerator.is_available(), self._module.cuda
            card = cuda.get_device_name(0) if cuda.is_available() else str(self._first)
        self.facts = {
            "backend": self.backend,
            "card": card if self.gpu else _processor(),
            "driver": _driver() if self.gpu else "",
            "keras": keras.__version__,
            "backend_version": self._module.__version__,
        }

    def put(self, array: np.ndarray) -> Any:
        """Start to move an array to the device."""
        from keras import ops

        return ops.convert_to_tensor(array)

    def finish(self, value: Any) -> None:
        """Wait until the device has computed everything up to this value."""
        if self.backend == "jax":
            self._module.block_until_ready(value)
        elif self.gpu:
            self._module.accelerator.synchronize()

    def peak_memory(self) -> float | str:
        """Return the most memory that was in use since the process started [MB]; "" if the backend cannot tell."""
        if self.backend == "jax":
            found = (self._first.memory_stats() or {}).get("peak_bytes_in_use")
        else:
            found = self._module.cuda.max_memory_allocated() if self._module.cuda.is_available() else None
        return "" if found is None else round(found / 1e6)

    def limits(self, precision: str, sizes: Sizes) -> dict[str, float]:
        """Measure a large matrix product, a copy within the device (bytes read and written) and one to the device.

        The product of float32 is in the arithmetic that the convolutions use: TF32 on NVIDIA cards since Ampere.
        """
        from keras import ops

        if self.backend == "torch":
            self._module.backends.cuda.matmul.allow_tf32 = True
        generator, n = np.random.default_rng(2), sizes.product
        square = ops.cast(self.put(generator.standard_normal((n, n), np.float32)), precision.removeprefix("mixed_"))
        host = generator.standard_normal((sizes.copy_mb, 2**18), np.float32)  # a row is 1 MiB
        there, some = self.put(host), host[: max(1, sizes.copy_mb // 16)]
        product = self._seconds(lambda: ops.matmul(square, square))
        copy = self._seconds(lambda: ops.add(there, 1.0))
        transfer = self._seconds(lambda: self.put(some))
        if self.backend == "torch":
            self._module.backends.cuda.matmul.allow_tf32 = False
        return {
            "product_tflop_s": rounded(2 * n**3 / product / 1e12),
            "copy_gb_s": rounded(2 * host.nbytes / copy / 1e9),
            "transfer_gb_s": rounded(some.nbytes / transfer / 1e9),
        }

    def _seconds(self, compute: Callable[[], Any], *, times: int = 5) -> float:
        """Return the median time of a computation, after one to warm up."""
        spent = []
        for _ in range(times + 1):
            started = time.perf_counter()
            self.finish(compute())
            spent.append(time.perf_counter() - started)
        return sorted(spent[1:])[times // 2]


def training_step(device: Device, mel: np.ndarray, path: str) -> Callable[[Any, Any], Any]:
    """Return a function that trains a new network on one batch and returns the batch's cross-entropy.

    Parameters
    ----------
    device : Device
        Where to compute.
    mel : np.ndarray [shape=(n_frames, N_MELS)]
        All tracks, copied to the device for the paths that gather segments there.
    path : str
        Of `PATHS`.
    """
    there = None if path in _FED_BY_HOST else device.put(np.array(mel))
    if path.startswith("step"):
        return _own_step(device, there, path)
    model = build_network(there)
    return lambda x, y: model.train_on_batch(x, y, return_dict=True)["cross_entropy"]


def _own_step(device: Device, mel: Any, path: str) -> Callable[[Any, Any], Any]:
    """Return a step that does not wait for its result."""
    import keras
    from keras import ops

    model = build_network()
    optimizer, weights = model.optimizer, model.trainable_variables
    optimizer.build(weights)

    def losses(mel: Any, first: Any, y: Any) -> tuple[Any, Any]:
        x = gather(mel, first)
        if path == "step":
            probabilities = model(x, training=True)
        else:
            probabilities = lean_probabilities(model, x, reshaped=path == "step_lean_max")
        entropy = ops.mean(keras.losses.sparse_categorical_crossentropy(y, probabilities))
        penalty = sum(weight.regularizer(weight) for weight in weights if weight.regularizer)
        return entropy + penalty, entropy

    if device.backend == "torch":
        import torch

        compiled = torch.compile(losses) if path == "step_lean_max" else losses

        def torch_step(first: Any, y: Any) -> Any:
            total, entropy = compiled(mel, first, y)
            model.zero_grad()
            total.backward()
            with torch.no_grad():
                optimizer.apply([weight.value.grad for weight in weights], weights)
            return entropy.detach()

        return torch_step

    import jax

    others = model.non_trainable_variables

    def stateless(trained: list[Any], fixed: list[Any], *batch: Any) -> tuple[Any, Any]:
        mapping = [*zip(weights, trained, strict=True), *zip(others, fixed, strict=True)]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            total, entropy = losses(*batch)
        return total, (entropy, [scope.get_current_value(variable) for variable in others])

    def update(state: Any, *batch: Any) -> tuple[Any, Any]:
        trained, fixed, moments = state
        gradient = jax.value_and_grad(stateless, has_aux=True)
        (_, (entropy, fixed)), gradients = gradient(trained, fixed, *batch)
        trained, moments = optimizer.stateless_apply(moments, gradients, trained)
        return (trained, fixed, moments), entropy

    compiled_update = jax.jit(update, donate_argnums=0)
    state = tuple([variable.value for variable in group] for group in (weights, others, optimizer.variables))

    def jax_step(first: Any, y: Any) -> Any:
        nonlocal state
        state, entropy = compiled_update(state, mel, first, y)
        return entropy

    return jax_step


def feed(device: Device, mel: np.ndarray, path: str, sizes: Sizes) -> Iterator[tuple[Any, Any]]:
    """Yield batches that are on the device."""

    def placed(first: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        if path in _FED_BY_HOST:
            x = device.put(np.stack([mel[start : start + FRAMES] for start in first]))
            device.finish(x)
        else:
            x = device.put(first)
        return x, device.put(labels)

    drawn = draw_batches(sizes, seed=3)
    if path != "keras_prefetch":
        yield from itertools.starmap(placed, drawn)
    with ThreadPoolExecutor(1) as pool:
        ahead: deque[Future[tuple[Any, Any]]] = deque()
        for batch in drawn:
            ahead.append(pool.submit(placed, *batch))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()


def rounded(value: float) -> float:
    """Round to four digits."""
    return float(f"{value:.4g}")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), platform.processor() or "unknown processor")


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"
