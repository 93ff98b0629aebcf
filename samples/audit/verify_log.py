#!/usr/bin/env python3
"""Verifies an exported sovereignty log with nothing but the Python standard library.

Written from docs/contracts/sovereignty-log.md and the public specifications named there; it shares no code with the hub.

  verify_log.py FOLDER VKEY                  the whole log: every entry, tile, root, the signature
  verify_log.py FOLDER VKEY --proof FILE     one c2sp.org/tlog-proof file (FOLDER may be -)
  verify_log.py FOLDER VKEY --from CHECKPOINT  also that an earlier checkpoint (a file) is a beginning of this log
  verify_log.py FOLDER VKEY --subject ID KEY   also lists the entries of the subject with this disclosed key (base64)

Exit code 0 when everything holds, 1 when something does not.
"""
import base64
import hashlib
import hmac
import json
import os
import struct
import sys


# --- Ed25519 verification, RFC 8032 section 5.1.7 -----------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_decompress(bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666"))


def ed25519_verify(public, message, signature):
    a, r = point_decompress(public), point_decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = point_multiply(s, BASE), point_add(r, point_multiply(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Keys, notes, checkpoints: c2sp.org/signed-note, c2sp.org/tlog-checkpoint ---------------------------------------------------------------

class Fault(Exception):
    pass


def parse_vkey(vkey):
    name, key_id, material = vkey.split("+", 2)
    material = base64.b64decode(material, validate=True)
    expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if material[0] != 1 or len(material) != 33 or expected.hex() != key_id:
        raise Fault("this is no Ed25519 vkey")
    return name, expected, material[1:]


def open_checkpoint(note, vkey):
    """Returns (origin, size, root) of a checkpoint that the key signed."""
    name, key_id, public = parse_vkey(vkey)
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    good = False
    for line in signatures.splitlines():
        dash, signer, data = line.split(" ")
        data = base64.b64decode(data, validate=True)
        if dash == "—" and signer == name and data[:4] == key_id:
            if not ed25519_verify(public, text.encode(), data[4:]):
                raise Fault("the checkpoint has a false signature of this key")
            good = True
    if not good:
        raise Fault("the checkpoint is not signed by this key")
    origin, size, root = text.split("\n")[:3]
    if origin != name:
        raise Fault("the checkpoint is of another log: " + origin)
    return origin, int(size), base64.b64decode(root, validate=True)


# --- The tree: RFC 6962 section 2.1 ---------------------------------------------------------------------------------------------------------

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_hash(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:
        # An odd hash at the end goes up as it is: the same tree as the recursive definition.
        level = [node_hash(level[i], level[i + 1]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def check_inclusion(leaf, index, size, path, root):
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    if index >= size:
        return False
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


# --- The files: c2sp.org/tlog-tiles ---------------------------------------------------------------------------------------------------------

def tile_path(level, index, width):
    elements = ["%03d" % (index % 1000)]
    while index >= 1000:
        index //= 1000
        elements.insert(0, "x%03d" % (index % 1000))
    return "tile/%s/%s%s" % (level, "/".join(elements), "" if width == 256 else ".p/%d" % width)


def read(folder, path):
    try:
        with open(os.path.join(folder, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Fault(path + " is missing")


def entries_of(bundle, path):
    at = 0
    while at < len(bundle):
        (length,) = struct.unpack_from(">H", bundle, at)
        if at + 2 + length > len(bundle):
            raise Fault(path + " is cut")
        yield bundle[at + 2:at + 2 + length]
        at += 2 + length


def all_entries(folder, size):
    """Yields (index, entry, leaf hash), checked against the leaf tiles."""
    for n in range((size + 255) // 256):
        width = min(256, size - n * 256)
        hashes = read(folder, tile_path(0, n, width))
        path = tile_path("entries", n, width)
        entries = list(entries_of(read(folder, path), path))
        if len(entries) != width or len(hashes) != 32 * width:
            raise Fault(path + " and its tile do not have %d entries" % width)
        for i, entry in enumerate(entries):
            if leaf_hash(entry) != hashes[32 * i:32 * i + 32]:
                raise Fault("entry %d does not have the hash of its tile" % (n * 256 + i))
            yield n * 256 + i, entry, hashes[32 * i:32 * i + 32]


def check_upper_tiles(folder, leaves):
    level, below = 0, leaves
    while len(below) >= 256:
        level, below = level + 1, [tree_hash(below[i:i + 256]) for i in range(0, len(below) // 256 * 256, 256)]
        for n in range((len(below) + 255) // 256):
            expected = below[n * 256:n * 256 + 256]
            if read(folder, tile_path(level, n, len(expected))) != b"".join(expected):
                raise Fault(tile_path(level, n, len(expected)) + " does not have the hashes of the level below")


# --- The questions --------------------------------------------------------------------------------------------------------------------------

def verify_proof(file, vkey):
    head, _, note = open(file, encoding="utf-8").read().partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Fault("this is no proof file")
    entry = base64.b64decode(lines.pop(0)[len("extra "):]) if lines[0].startswith("extra ") else None
    index = int(lines.pop(0)[len("index "):])
    origin, size, root = open_checkpoint(note, vkey)
    if entry is None or not check_inclusion(leaf_hash(entry), index, size, [base64.b64decode(h) for h in lines], root):
        raise Fault("the entry does not stand where the proof says")
    print("entry %d of %d of %s: %s" % (index, size, origin, entry.decode()))


def verify_log(folder, vkey, earlier=None, subject=None):
    origin, size, root = open_checkpoint(read(folder, "checkpoint").decode(), vkey)
    commitment = None
    if subject:
        mac = hmac.new(base64.b64decode(subject[1]), subject[0].encode(), hashlib.sha256).digest()[:16]
        commitment = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    leaves = []
    for index, entry, leaf in all_entries(folder, size):
        leaves.append(leaf)
        said = json.loads(entry)
        if said["v"] != 1 or len(entry) > 65535:
            raise Fault("entry %d is not of version 1" % index)
        if commitment and (commitment in said.get("subjects", []) or any(commitment in pair for pair in said.get("pairs", []))):
            print("%d %s" % (index, entry.decode()))
    check_upper_tiles(folder, leaves)
    if tree_hash(leaves) != root:
        raise Fault("the checkpoint signs another root than the entries have")
    if earlier:
        _, old, old_root = open_checkpoint(open(earlier, encoding="utf-8").read(), vkey)
        if old > size or tree_hash(leaves[:old]) != old_root:
            raise Fault("the earlier checkpoint of size %d is no beginning of this log" % old)
    print("%s: %d entries, all as signed; root %s" % (origin, size, base64.b64encode(root).decode()))


def main(arguments):
    if len(arguments) < 2:
        print(__doc__)
        return 2
    folder, vkey, options = arguments[0], arguments[1], arguments[2:]
    try:
        if options[:1] == ["--proof"]:
            verify_proof(options[1], vkey)
        else:
            verify_log(folder, vkey, options[1] if options[:1] == ["--from"] else None, options[1:3] if options[:1] == ["--subject"] else None)
        return 0
    except (Fault, ValueError, KeyError, struct.error) as fault:
        print("NOT VERIFIED: %s" % fault, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
