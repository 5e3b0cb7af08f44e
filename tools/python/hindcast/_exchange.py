"""Tables to the library, through the PyCapsules of Arrow's C stream interface."""

from __future__ import annotations

import ctypes
from typing import Any

import pyarrow as pa

from ._errors import RequestError


class Lent:
    """The address of a table's Arrow stream, good inside of a with statement."""

    def __init__(self, data: Any) -> None:
        try:
            self._capsule = data.__arrow_c_stream__()
        except pa.ArrowException as error:
            raise RequestError(f"the table gives no Arrow stream: {error}") from error

    def __enter__(self) -> Lent:
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
        self.address: int = pointer(self._capsule, b"arrow_array_stream")
        return self

    def __exit__(self, *_: object) -> None:
        # What the library has not taken over is released with the capsule.
        self._capsule = None
