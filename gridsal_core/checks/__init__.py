"""How far a map can be trusted: insertion and deletion curves, and the randomised network."""
