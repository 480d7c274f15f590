"""Benchmarks: `python -m benchmarks [--full] [names]`. They measure and print; what must hold is in the tests."""
