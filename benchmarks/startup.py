"""Start to first paint: `rnn-tutor` beside a bare Textual app, in turn, each in its own pseudo-terminal.

    python benchmarks/startup.py [RUNS]

Prints the medians, the 95th percentiles and the ratio of the medians.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello there")
Hello().run()
"""

TUTOR = "from tutor.cli import main; main([])"


def first_paint(code: str, marker: bytes, data: str) -> float:
    """Seconds from the start of a new process to the marker on its terminal."""
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        environment = os.environ | {
            "RNN_TUTOR_DATA": data,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        # As a user has it: what was compiled once is not compiled again.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execve(sys.executable, [sys.executable, "-c", code], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = b""
    try:
        while marker not in seen:
            ready, _, _ = select.select([terminal], [], [], 20)
            if not ready:
                raise TimeoutError(f"no {marker!r} in 20 s")
            seen = seen[-4096:] + os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main(runs: int = 15) -> None:
    """Measure both in turn, so that a drift of the machine meets both."""
    with tempfile.TemporaryDirectory() as data:
        hello, tutor = [], []
        for run in range(runs + 1):
            h = first_paint(HELLO, b"hello there", data)
            t = first_paint(TUTOR, b"Order matters", data)
            if run:  # the first pair warms the disk
                hello.append(h)
                tutor.append(t)
    for name, times in (("bare Textual app", hello), ("rnn-tutor", tutor)):
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name:18} median {statistics.median(times) * 1e3:6.0f} ms   95th percentile {p95 * 1e3:6.0f} ms")
    pairs = [t / h for t, h in zip(tutor, hello, strict=True)]
    print(f"ratio              median {statistics.median(pairs):6.2f}      (at most 1.50 wanted)")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
