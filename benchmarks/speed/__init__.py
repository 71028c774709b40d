"""How fast the library is: each figure a ratio, measured side by side in one run."""
