#!/usr/bin/python3
"""Prints the SHA-256 tree hash of a file: treehash.py FILE. Written from the definition, for sessions in the shell."""

import hashlib
import sys

MIB = 1 << 20


def main():
    level = []
    with open(sys.argv[1], "rb") as file:
        while chunk := file.read(MIB):
            level.append(hashlib.sha256(chunk).digest())
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"".join(p)).digest() if len(p) == 2 else p[0] for p in pairs]
    print(level[0].hex())


if __name__ == "__main__":
    main()
