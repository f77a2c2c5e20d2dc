#!/usr/bin/python3
"""Reads an inventory in CSV the ways its known readers do.

Amazon's inventory CSV is not RFC 4180: descriptions stand in double quotes, a quote within is
written \\" and a backslash within is written as itself, so the text of a description that holds
backslashes is ambiguous for a reader that treats them as an escape. Hence three readings:

  exact    the line is remade from the JSON inventory of the same archives and compared as bytes
  tool     as the migration tool of AWS does: split at newlines, quote ", escape \\
  mt       as old clients do: the description runs from the first quote to the last one

Usage: inventory.py CSV JSON     compares the two inventories, exit 1 where they differ
"""

import csv
import json
import sys

HEADER = "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash"
FIELDS = HEADER.split(",")


def exact(archives):
    """The CSV that Amazon writes for the archives of a JSON inventory."""
    lines = [HEADER]
    for a in archives:
        description = a["ArchiveDescription"].replace('"', '\\"')
        lines.append(
            '%s,"%s",%s,%d,%s' % (a["ArchiveId"], description, a["CreationDate"], a["Size"], a["SHA256TreeHash"])
        )
    return "\n".join(lines) + "\n"


def tool(lines):
    """Rows as the migration tool reads them; it takes every backslash for an escape."""
    return list(csv.reader(lines, quotechar='"', escapechar="\\", doublequote=False))


def mt(lines):
    """Rows as old clients read them: greedy between the outermost quotes, \\" for a quote."""
    rows = []
    for line in lines:
        archive_id, rest = line.split(",", 1)
        description, *others = rest.rsplit(",", 3)
        if description.startswith('"') and description.endswith('"') and len(description) > 1:
            description = description[1:-1].replace('\\"', '"')
        rows.append([archive_id, description] + others)
    return rows


def compare(text, archives):
    """Returns the first difference between a CSV inventory and a JSON one's ArchiveList, or None."""
    want = exact(archives)
    if text != want:
        for number, (got, expected) in enumerate(zip(text.split("\n"), want.split("\n")), 1):
            if got != expected:
                return "line %d: got %r, want %r" % (number, got, expected)
        return "got %d bytes, want %d" % (len(text), len(want))
    for name, read, trap in (("tool", tool, "\\"), ("mt", mt, '\\"')):
        plain = [a for a in archives if trap not in a["ArchiveDescription"]]
        ids = {a["ArchiveId"] for a in plain}
        lines = [line for line in text.split("\n")[1:] if line.split(",")[0] in ids]
        rows = read(lines)
        wanted = [[str(a[field]) for field in FIELDS] for a in plain]
        if rows != wanted:
            return "%s reads %r, want %r" % (name, rows, wanted)
    return None


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        archives = json.load(file)["ArchiveList"]
    difference = compare(text, archives)
    if difference:
        sys.exit("the CSV inventory differs: " + difference)


if __name__ == "__main__":
    main()
