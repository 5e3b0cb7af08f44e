"""XXH64 of bytes, as its specification says: what tells values apart where not all can be kept."""
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                      0x27D4EB2F165667C5)
MASK = 2**64 - 1


def rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def step(total, lane):
    return rotated((total + lane * P2) & MASK, 31) * P1 & MASK


def lanes(data, width):
    return [int.from_bytes(data[i:i + width], "little") for i in range(0, len(data), width)]


def xxh64(data, seed):
    whole = len(data) // 32 * 32
    if whole:
        sums = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        for place, lane in enumerate(lanes(data[:whole], 8)):
            sums[place % 4] = step(sums[place % 4], lane)
        total = sum(rotated(s, bits) for s, bits in zip(sums, (1, 7, 12, 18))) & MASK
        for s in sums:
            total = ((total ^ step(0, s)) * P1 + P4) & MASK
    else:
        total = (seed + P5) & MASK
    total = (total + len(data)) & MASK
    rest = data[whole:]
    words = len(rest) // 8 * 8
    for lane in lanes(rest[:words], 8):
        total = (rotated(total ^ step(0, lane), 27) * P1 + P4) & MASK
    rest = rest[words:]
    if len(rest) >= 4:
        total = (rotated(total ^ int.from_bytes(rest[:4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        rest = rest[4:]
    for byte in rest:
        total = rotated(total ^ byte * P5 & MASK, 11) * P1 & MASK
    total = (total ^ total >> 33) * P2 & MASK
    total = (total ^ total >> 29) * P3 & MASK
    return total ^ total >> 32
