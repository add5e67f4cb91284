"""The command line: `gridsal`."""
