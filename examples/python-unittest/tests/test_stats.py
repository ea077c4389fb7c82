import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textstats import Stats, measure, most_common


class MeasureTest(unittest.TestCase):
    def test_empty_text(self):
        self.assertEqual(measure(""), Stats(lines=0, words=0, characters=0))

    def test_counts_lines_words_and_characters(self):
        self.assertEqual(measure("one two\nthree\n"), Stats(lines=2, words=3, characters=14))

    def test_numbers_are_not_words(self):
        self.assertEqual(measure("42 is the answer").words, 3)

    def test_an_apostrophe_does_not_split_a_word(self):
        self.assertEqual(measure("it isn't").words, 2)


class MostCommonTest(unittest.TestCase):
    def test_ignores_case(self):
        self.assertEqual(most_common("The cat and the hat", 1), [("the", 2)])

    def test_equally_frequent_words_are_in_alphabetical_order(self):
        self.assertEqual(most_common("pear apple", 2), [("apple", 1), ("pear", 1)])

    def test_refuses_a_negative_count(self):
        with self.assertRaises(ValueError):
            most_common("anything", -1)


if __name__ == "__main__":
    unittest.main()
