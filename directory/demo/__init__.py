"""Invented institutions and people for the demo, the tests and the benchmarks. Nobody and nothing in here exists."""
