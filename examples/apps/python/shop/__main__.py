"""Prints the address of a shop, as browsers write it."""

import sys

import idna

NAME = sys.argv[1] if len(sys.argv) > 1 else "bücher"

print(f"{idna.encode(NAME).decode()}.example")
