"""Metrics in Prometheus text format: requests as they pass, and gauges read when the page is asked for.

Each server process counts for itself; with several processes a scraper sees one of them per scrape.
"""

import math
import time

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from directory.services.health import HealthService

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """Counters and gauges of one process."""

    def __init__(self, health: HealthService) -> None:
        self._health = health
        self._registry = CollectorRegistry()
        labels = ("endpoint", "status")
        self._requests = Counter("mentors_requests_total", "Answered requests.", labels, registry=self._registry)
        self._seconds = Histogram("mentors_request_seconds", "Time per request.", ("endpoint",), registry=self._registry, buckets=BUCKETS)
        self._refusals = Counter(
            "mentors_requests_refused_total", "Requests refused because too many came at once.", registry=self._registry
        )
        self._gauges = {
            "pending": Gauge("mentors_outbox_pending", "Changes that wait for the index.", registry=self._registry),
            "parked": Gauge("mentors_outbox_parked", "Changes that were given up until an operator looks.", registry=self._registry),
            "failing": Gauge("mentors_outbox_failing", "Changes that were tried and wait for another try.", registry=self._registry),
            "oldest_seconds": Gauge("mentors_outbox_oldest_seconds", "Age of the oldest waiting change.", registry=self._registry),
            "indexed": Gauge("mentors_indexed", "Mentors in the search index.", registry=self._registry),
        }
        self._store_up = Gauge("mentors_store_up", "1 when the store answered.", registry=self._registry)
        self._engine_up = Gauge("mentors_engine_up", "1 when the search engine answered.", registry=self._registry)

    def watch(self, app: Flask) -> None:
        """Count and time every request of `app` by endpoint (never by address, which may hold what a person typed)."""

        def start() -> None:
            g.started = time.perf_counter()

        def finish(response: Response) -> Response:
            endpoint = request.endpoint or "none"
            self._requests.labels(endpoint, str(response.status_code)).inc()
            self._seconds.labels(endpoint).observe(time.perf_counter() - g.get("started", time.perf_counter()))
            return response

        app.before_request(start)
        app.after_request(finish)

    def refused(self) -> None:
        """Count a request that found no place."""
        self._refusals.inc()

    def render(self) -> tuple[bytes, str]:
        """Body and content type of the metrics page."""
        figures = self._health.figures()
        self._store_up.set(figures.pending is not None)
        self._engine_up.set(figures.indexed is not None)
        for name, gauge in self._gauges.items():
            value = getattr(figures, name)
            gauge.set(math.nan if value is None else value)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
