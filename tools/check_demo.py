"""Run `make demo` as a stranger would: wait for the first answer, look at it, press Ctrl-C, expect a clean end.

usage: python -m tools.check_demo [SECONDS]      fails when the first answer takes longer (default 180)
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tools.service import free_port

CALM = ("Error", "Traceback", "***")


def first_answer(address: str, process: "subprocess.Popen[bytes]", seconds: float) -> int:
    """Number of mentors that the search finds, as soon as it finds any. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/v1/mentors?limit=1", timeout=5) as answer:
                total = int(json.load(answer)["total"])
        except OSError:
            total = 0
        if total:
            return total
        time.sleep(0.2)
    raise TimeoutError(f"no answer within {seconds:.0f} s (exit code {process.poll()})")


def main() -> int:
    """Print what was seen; 0 when all is as promised."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 180
    listen = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        env = {**os.environ, "MENTORS_DATA": str(Path(folder) / "data"), "MENTORS_LISTEN": listen}
        start = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(["make", "demo"], env=env, stdout=output, stderr=output, start_new_session=True)
        try:
            total = first_answer(f"http://{listen}", process, seconds)
            took = time.monotonic() - start
            os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
            process.wait(20)
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            print(f"make demo: {error}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
            return 1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        text = log.read_text(errors="replace")
        if noise := [line for line in text.splitlines() if any(word in line for word in CALM)]:
            print(f"make demo did not end cleanly on Ctrl-C: {noise[:3]}", file=sys.stderr)
            return 1
    print(f"make demo: {total} mentors found after {took:.1f} s, ended cleanly on Ctrl-C")
    return 0


if __name__ == "__main__":
    sys.exit(main())
