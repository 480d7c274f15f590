"""Weights that make up a score, the same for every engine, beside the weights of the text fields in the field table."""

from typing import Final

TIE: Final = 0.3
"""Share that weaker fields add to the score of the best one."""

KEY_SCORE: Final = 4.0
"""Score of a vocabulary key: about what a word of medium rarity gets in the field of specialties."""

OPEN: Final = "open"
OPEN_SCORE: Final = 1.01
"""Added for an open offer that fits: without words, more than the largest factor can make up for."""
