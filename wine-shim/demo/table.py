#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints what `try` measured as one table: table.py DIRECTORY

The directory holds, for each variant, the demo's lines (VARIANT.tsv) and what
its processes said on standard error (VARIANT.log). Exits with 1 if an answer
under the plugin is wrong or missing.
"""

import os
import platform
import statistics
import sys
from pathlib import Path

STOCK, PLUGIN = "stock", "writewatch"


def nanoseconds(value):
    return f"{value:,.0f} ns"


def microseconds(value):
    return f"{value / 1000:,.1f} ms" if value >= 10000 else f"{value:,.0f} us"


def count(value):
    return f"{value:,.0f}"


# Key, what it is, unit; a key of None is a heading.
MEASURES = [
    (None, "8,192 pages (medians)", None),
    ("first-write.ns", "first store to a page, 1 thread", nanoseconds),
    ("threads-2.store-ns", "store at random, 2 threads", nanoseconds),
    ("threads-2.query-us", "  query with reset every 3 ms", microseconds),
    ("threads-8.store-ns", "store at random, 8 threads", nanoseconds),
    ("threads-8.query-us", "  query with reset every 3 ms", microseconds),
    ("mprotect.calls", "mprotect calls, each stored to once", count),
    ("sigsegv.delivered", "SIGSEGVs delivered", count),
    (None, "256 GiB reserved, 64 MiB committed", None),
    ("sparse.reserve-us", "reserve", microseconds),
    ("sparse.query-us", "query with reset, 1,000 written", microseconds),
    ("sparse.again-us", "query with reset, none written", microseconds),
    ("sparse.free-us", "free", microseconds),
]

# What should come out: key, what it says, and how many times cheaper.
TARGETS = [
    ("threads-2.store-ns", "stores with 2 threads", 50),
    ("threads-8.store-ns", "stores with 8 threads", 10),
    ("sparse.query-us", "sparse query", 1000),
    ("sparse.again-us", "sparse query again", 1000),
]
# The calls of a whole process, its start included, must be far from one a page.
MOST_MPROTECT_CALLS = 8192 // 10


class Results:
    """What one variant printed."""

    def __init__(self, directory, variant):
        self.scenarios = {}  # name: (expected, observed)
        self.missing = {}  # key prefix: reason
        samples = {}
        for line in (directory / f"{variant}.tsv").read_text().splitlines():
            kind, name, *fields = line.split("\t")
            if kind == "scenario":
                self._add_scenario(name, *fields)
            elif kind == "measure":
                samples.setdefault(name, []).append(float(fields[0]))
            elif kind == "missing":
                self.missing[name] = fields[0]
        self.measures = {name: statistics.median(values) for name, values in samples.items()}
        log = (directory / f"{variant}.log").read_text().splitlines()
        self.said = sorted({line for line in log if line.startswith("writewatch:")})

    def _add_scenario(self, name, expected, observed, _verdict):
        # Of several runs, a wrong one is the one to show.
        if self.right(name) is not False:
            self.scenarios[name] = (expected, observed)

    def right(self, name):
        """True, False, or None for no answer."""
        if name not in self.scenarios:
            return None
        expected, observed = self.scenarios[name]
        return expected == observed


def scenario_rows(stock, plugin):
    for name in {**stock.scenarios, **plugin.scenarios}:
        expected = (plugin.scenarios.get(name) or stock.scenarios.get(name))[0]
        answers = [r.scenarios.get(name, (None, "no answer"))[1] for r in (stock, plugin)]
        yield [name, expected, *answers, verdict(stock.right(name), plugin.right(name))]


def verdict(stock_right, plugin_right):
    if not plugin_right:
        return "WRONG"
    return "both right" if stock_right else "stock wrong"


def ratio(stock, plugin, key):
    if key not in stock.measures or not plugin.measures.get(key):
        return None
    return stock.measures[key] / plugin.measures[key]


def ratio_text(value):
    if value is None:
        return ""
    return f"{value:,.0f} x" if value >= 10 else f"{value:.1f} x"


def measure_rows(stock, plugin):
    for key, label, unit in MEASURES:
        if key is None:
            yield [label, "", "", "", ""]
            continue
        values = [unit(r.measures[key]) if key in r.measures else "-" for r in (stock, plugin)]
        yield ["  " + label, "", *values, ratio_text(ratio(stock, plugin, key))]


def print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def target_lines(stock, plugin):
    for key, label, wanted in TARGETS:
        got = ratio(stock, plugin, key)
        held = got is not None and got >= wanted
        measured = "not measured" if got is None else f"{ratio_text(got)} cheaper"
        yield held, f"{label}: {measured} (wanted: {wanted:,} x)"
    calls = plugin.measures.get("mprotect.calls")
    held = calls is not None and calls <= MOST_MPROTECT_CALLS
    measured = "not measured" if calls is None else f"{calls:,.0f} calls by the whole process"
    yield held, f"no mprotect per page: {measured}"


def print_summary(stock, plugin):
    names = {**stock.scenarios, **plugin.scenarios}
    wrong = [name for name in names if not plugin.right(name)]
    stock_wrong = [name for name in names if not stock.right(name)]
    for held, line in target_lines(stock, plugin):
        print(f"{'holds' if held else 'MISSED'}  {line}")
    right = "no scenario was run" if not names else f"{len(wrong)} of {len(names)} scenarios WRONG"
    if names and not wrong:
        right = f"all {len(names)} scenarios right"
    print(f"\nwritewatch: {right}. Stock Wine: {len(stock_wrong)} wrong.")
    return bool(names) and not wrong


def print_machine(directory, plugin):
    wine = (directory / "wine-version").read_text().strip()
    load = (directory / "load").read_text().strip()
    print(f"{wine}, Linux {platform.release()}, {os.cpu_count()} CPUs, load {load} at the start.")
    for line in plugin.said:
        print(line)
    if any("standing aside" in line for line in plugin.said):
        print("The plugin found that it cannot serve here and left Wine as it was: both columns\n"
              "show stock Wine. It needs Linux 6.7 or newer (PAGEMAP_SCAN) and userfaultfd.")
    print()


def main():
    directory = Path(sys.argv[1])
    stock, plugin = Results(directory, STOCK), Results(directory, PLUGIN)
    print_machine(directory, plugin)
    header = ["scenario: written pages", "by Windows' rules", "stock Wine", "writewatch", ""]
    print_table([header, *scenario_rows(stock, plugin), [""] * 5, *measure_rows(stock, plugin)])
    for key, reason in {**stock.missing, **plugin.missing}.items():
        print(f"{key}: not measured: {reason}")
    print()
    return 0 if print_summary(stock, plugin) else 1


if __name__ == "__main__":
    sys.exit(main())
