"""A survey: explanations over a whole data set, and what they have in common (paper, section 5)."""
