"""What the Python sessions share: their surroundings, their comparisons, and a tree hash of their own.

A session stops at the first difference. The tree hash here is written from the definition, so that
neither the client's nor the server's arithmetic is its own judge.
"""

import hashlib
import os
import sys
import time

MIB = 1 << 20

ENDPOINT = os.environ["ENDPOINT"]
ACCESS_KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]
TAR = os.environ.get("FIRN_TAR", "")

DESCRIPTIONS = [
    'the Go tree, "src",  with \\ and \'quotes\'',
    "",
    "double  space  and, a comma",
    'back\\slash \\" and end\\',
    '{"Path":"a/b","UTCDateModified":"20100310T110623Z"}',
    "<m><v>4</v><p>YS9i</p><lm>20190121T085242Z</lm></m>",
    "~" * 1024,
]


class Difference(Exception):
    """The server's answer is not the expected one."""


def ok(what):
    print("ok", what, flush=True)


def same(what, got, want):
    if got != want:
        raise Difference("%s: got %s, want %s" % (what, short(got), short(want)))


def true(what, holds):
    if not holds:
        raise Difference(what)


def short(value):
    text = repr(value)
    return text if len(text) <= 400 else "%s... (%d characters)" % (text[:400], len(text))


def tree_hash(data):
    """The SHA-256 tree hash of data, in lower-case hex."""
    view = memoryview(data)
    level = [hashlib.sha256(view[at : at + MIB]).digest() for at in range(0, len(view), MIB)]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"".join(p)).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0].hex()


def is_node(first, last, size):
    """Whether bytes first..last of size bytes are one node of its hash tree, and so have a checksum."""
    if first % MIB or (last != size - 1 and (last + 1) % MIB):
        return False
    leaves = -(-size // MIB)
    start, end = first // MIB, -(-(last + 1) // MIB)
    width = 1
    while True:
        if start % width == 0 and end == min(start + width, leaves):
            return True
        if width >= leaves:
            return False
        width *= 2


def until(what, ask, seconds=60):
    """Asks until the answer is true and returns it; a real client polls, too."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Difference("%s: not within %d s" % (what, seconds))
        time.sleep(0.1)


def tar_bytes():
    with open(TAR, "rb") as file:
        return file.read()


def run(session):
    try:
        session()
    except Difference as difference:
        print("DIFFERENT", difference, flush=True)
        sys.exit(1)
