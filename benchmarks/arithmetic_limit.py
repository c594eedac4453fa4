"""Segments per second that the machine's matrix product allows: its FLOP per second over a segment's FLOP.

python -m benchmarks.arithmetic_limit
"""

import time

from earfield.network.device import configure

# isort: split
import tensorflow as tf

from benchmarks.gpu_network import training_flop

_SIZE, _REPETITIONS = 4096, 5


def main() -> None:
    """Multiply two large matrices on two processors and print the limit."""
    configure(2)
    tf.config.threading.set_intra_op_parallelism_threads(2)
    a = tf.random.stateless_normal((_SIZE, _SIZE), seed=(1, 2))
    product = tf.function(tf.matmul)
    product(a, a)
    seconds = []
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        product(a, a).numpy()
        seconds.append(time.perf_counter() - started)
    print(2 * _SIZE**3 / min(seconds) / training_flop())


if __name__ == "__main__":
    main()
