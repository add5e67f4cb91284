"""How good a network's predictions on a folder of images are."""
