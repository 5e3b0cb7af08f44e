"""Do an engine's answers agree with ours? Ours lie in a file, column after column, 8 bytes a value.

Counts must be equal. Sums of prefix sums, and sums in another order, differ in their last bits: they must be
equal to 1e-9 of themselves and 1e-6 besides. Where `exact`, every bit must be equal.
"""
import numpy


def type_of(feature):
    return "<i8" if feature.is_count else "<f8"


def differing(columns, features, path, exact=False):
    """How many values differ from those in the file; all of them, where there are more or fewer."""
    rows = len(columns[0])
    expected = numpy.memmap(path, dtype="<i8", mode="r")
    if len(expected) != rows * len(features):
        return max(len(expected), rows * len(features))
    wrong = 0
    for place, (column, feature) in enumerate(zip(columns, features)):
        ours = expected[place * rows:(place + 1) * rows].view(type_of(feature))
        theirs = numpy.ascontiguousarray(column, dtype=type_of(feature))
        if exact:
            wrong += int(numpy.count_nonzero(ours.view("<i8") != theirs.view("<i8")))
        elif feature.is_count:
            wrong += int(numpy.count_nonzero(ours != theirs))
        else:
            wrong += int(numpy.count_nonzero(~(numpy.abs(ours - theirs) <= 1e-9 * numpy.abs(ours) + 1e-6)))
    return wrong
