"""The benchmark of sections 4.1 and 4.2: whether a method finds and places a known bias."""
