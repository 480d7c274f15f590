"""What the kill tests share: commands that die, and what must hold whenever one did."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from directory.store import ledger
from tests.world import World, record

ROOT = Path(__file__).parents[3]
KILLED = -9
PEOPLE = 60


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (-9 when it was killed), its time, and, if it ended by itself, its steps and those of its swap."""

    code: int
    seconds: float
    steps: int
    swap: int


class Zygote:
    """Starts commands by forking, see `zygote.py`."""

    def __init__(self, process: "subprocess.Popen[str]", environment: dict[str, str], log: Path) -> None:
        self._process = process
        self._environment = environment
        self._log = log

    def run(self, *arguments: str, step: int = 0, within: str = "", seconds: float = 0.0) -> Ended:
        """Run a command, perhaps to be killed at a step, also of its swap alone, or in the middle of one. It must never print a trace."""
        self._log.unlink(missing_ok=True)
        request = {"arguments": arguments, "environment": self._environment, "log": str(self._log)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request | {"step": step, "within": within, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        said = self._log.read_text() if self._log.exists() else ""
        assert "Traceback" not in said, said
        counted = re.search(r"STEPS (\d+) (\d+)", said)
        steps, swap = map(int, counted.groups()) if counted else (0, 0)
        ended = Ended(answer["code"], answer["seconds"], steps, swap)
        assert ended.code in (0, 1, KILLED), said
        return ended


@contextmanager
def zygote(environment: dict[str, str], folder: Path) -> Iterator[Zygote]:
    """A zygote for one world."""
    command = [sys.executable, "-m", "tests.flows.kill.zygote"]
    inherited = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=inherited) as process:
        try:
            yield Zygote(process, {**inherited, **environment}, folder / "log")
        finally:
            assert process.stdin is not None
            process.stdin.close()


@dataclass
class Course:
    """A feed that changes from step to step, and who must be seen at the end of each. `settled` were seen when all was done last."""

    world: World
    kill: Zygote
    step: int = 0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """The first copy of the feed, taken in and indexed by the commands: this process only reads the index."""
        self.items = {f"p{number:03}": record(f"p{number:03}") for number in range(PEOPLE)}
        self.world.publish(list(self.items.values()))
        assert self.kill.run("source", "run", "plains").code == 0
        assert self.kill.run("index", "drain").code == 0

    def publish(self) -> None:
        """The next copy: a fifth has news, somebody is new, somebody is withdrawn by the source."""
        self.step += 1
        for number in range(self.step % 5, PEOPLE, 5):
            name = f"p{number:03}"
            if "withdrawn" not in self.items[name]:
                self.items[name] = record(name, headline=f"Version {self.step}")
        self.items[f"n{self.step}"] = record(f"n{self.step}")
        self.items[f"p{self.step:03}"] = {"id": f"p{self.step:03}", "withdrawn": True}
        self.world.publish(list(self.items.values()))

    def leave(self) -> None:
        """Somebody withdraws and is told that it is done."""
        name = f"p{PEOPLE - self.step:03}"
        self.world.withdraw(name)
        self.withdrawn.add(name)

    def depart(self) -> None:
        """Somebody withdraws though the feed stays the same."""
        self.step += 1
        self.leave()

    def expected(self) -> list[str]:
        """Who is to be found once everything is done."""
        return sorted(name for name, item in self.items.items() if "withdrawn" not in item and name not in self.withdrawn)

    def check_after_a_kill(self) -> None:
        """Whatever was done by halves: nobody who left is visible, nobody else has gone, and the ledger is whole."""
        shown = set(self.world.shown())
        assert self.settled.intersection(self.expected()) <= shown
        assert not shown & self.withdrawn
        gone = {row[1] for row in self.world.table("source_record") if row[-1] == "withdrawn"}
        assert not shown & gone
        with self.world.store.read() as conn:
            ledger.verify(conn)

    def check_converged(self) -> None:
        """After the restart everything is as if nobody had been killed."""
        assert self.world.shown() == self.expected()
        assert self.world.table("staged_item") == []
        assert self.world.table("outbox") == []
        assert self.world.differences() == 0
        newest = self.world.table("source_run")[-1]
        assert newest[2] == "complete"
        self.settled = set(self.expected())


def shares(points: int, offset: float = 0.5) -> Sequence[float]:
    """So many numbers between 0 and 1; another offset below 1 gives others."""
    return [(number + offset) / points for number in range(points)]
