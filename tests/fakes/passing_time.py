"""Time that passes only when somebody sleeps."""


class PassingTime:
    """Hand `sleep` and `monotonic` to whatever waits; `slept` lists the waits in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now
