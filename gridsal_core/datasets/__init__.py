"""Image folders, with or without label maps."""
