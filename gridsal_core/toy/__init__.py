"""The synthetic biased data set of section 4.1, its training and the demo made from it."""
