"""A stand-in for Elasticsearch that keeps of each document what a comparison of index and store asks for: id, version, withdrawn."""

import json
from typing import Any

from tests.engines.fake_elasticsearch import GOOD, Answer, error

NAME = "index-000001"


class Ledger:
    """Rules for `fake_elasticsearch`: one index that exists, takes bulk requests by version, and lists what it holds."""

    def __init__(self) -> None:
        self.spec = ""
        self.held: dict[str, tuple[int, bool]] = {}

    def rule(self, path: str, body: str) -> Answer | None:
        """The answer to a request; None for the usual one."""
        if path.endswith("_mapping"):
            mappings = GOOD[NAME]["mappings"]
            return Answer(body={NAME: {"mappings": {**mappings, "_meta": {**mappings["_meta"], "spec": self.spec}}}})
        if path.endswith("_bulk"):
            lines = [json.loads(line) for line in body.splitlines()]
            return Answer(body={"items": [self._take(line["index"], made) for line, made in zip(lines[::2], lines[1::2], strict=True)]})
        if path.endswith("_search"):
            return Answer(body=self._listing(json.loads(body)))
        return error(501, "illegal_argument_exception") if path.endswith("_msearch") else None

    def _take(self, action: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        if action["version"] <= self.held.get(action["_id"], (0, False))[0]:
            return {"index": {"_index": NAME, "status": 409, "error": {"type": "version_conflict_engine_exception"}}}
        self.held[action["_id"]] = (action["version"], made["withdrawn"])
        return {"index": {"_index": NAME, "status": 201}}

    def _listing(self, asked: dict[str, Any]) -> dict[str, Any]:
        after = asked.get("search_after", [""])[0]
        rows = sorted(row for row in self.held.items() if row[0] > after)[: asked["size"]]
        hits = [{"_id": name, "fields": {"version": [version], "withdrawn": [gone]}, "sort": [name]} for name, (version, gone) in rows]
        withdrawn = sum(gone for _, gone in self.held.values())
        return {
            "timed_out": False,
            "_shards": {"failed": 0},
            "hits": {"total": {"value": len(self.held)}, "hits": hits},
            "aggregations": {"withdrawn": {"doc_count": withdrawn}},
        }
