"""The command line: textstats FILE…"""

import sys
from pathlib import Path

from .stats import measure, most_common


def report(name: str, text: str) -> str:
    """Describes one text in a few lines."""
    stats = measure(text)
    top = ", ".join(f"{word} ({count})" for word, count in most_common(text, 3))
    return f"{name}: {stats.lines} lines, {stats.words} words, {stats.characters} characters\nmost common: {top}"


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: textstats FILE...", file=sys.stderr)
        return 2
    for name in sys.argv[1:]:
        print(report(name, Path(name).read_text(encoding="utf-8")))
    return 0
