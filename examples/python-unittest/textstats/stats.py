"""The counting itself: text in, numbers out."""

import re
from collections import Counter
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True)
class Stats:
    """How much of everything a text has."""

    lines: int
    words: int
    characters: int


def words(text: str) -> list[str]:
    """Lists the words of a text in order, in lower case."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def measure(text: str) -> Stats:
    """Counts lines, words and characters."""
    return Stats(lines=len(text.splitlines()), words=len(words(text)), characters=len(text))


def most_common(text: str, count: int) -> list[tuple[str, int]]:
    """Lists the most frequent words; equally frequent ones come in alphabetical order."""
    if count < 0:
        raise ValueError("count must not be negative")
    ranked = sorted(Counter(words(text)).items(), key=lambda item: (-item[1], item[0]))
    return ranked[:count]
