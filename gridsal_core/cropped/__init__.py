"""A network that computes no more than what a box of its output depends on."""
