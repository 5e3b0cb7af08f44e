"""XXH64 with seed 42, the frozen hash of categories, written from its specification."""
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MASK = 2**64 - 1


def rotl(x, r):
    return ((x << r) | (x >> (64 - r))) & MASK


def step(acc, lane):
    return rotl((acc + lane * P2) & MASK, 31) * P1 & MASK


def xxh64(data, seed=42):
    at, end = 0, len(data)

    def word(size):
        nonlocal at
        at += size
        return int.from_bytes(data[at - size:at], "little")

    if end >= 32:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while at + 32 <= end:
            lanes = [step(lane, word(8)) for lane in lanes]
        h = sum(rotl(lane, r) for lane, r in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            h = ((h ^ step(0, lane)) * P1 + P4) & MASK
    else:
        h = (seed + P5) & MASK
    h = (h + end) & MASK
    while at + 8 <= end:
        h = (rotl(h ^ step(0, word(8)), 27) * P1 + P4) & MASK
    if at + 4 <= end:
        h = (rotl(h ^ word(4) * P1 & MASK, 23) * P2 + P3) & MASK
    while at < end:
        h = rotl(h ^ word(1) * P5 & MASK, 11) * P1 & MASK
    h = (h ^ h >> 33) * P2 & MASK
    h = (h ^ h >> 29) * P3 & MASK
    return h ^ h >> 32
