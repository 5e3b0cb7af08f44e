"""A fresh store for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import STREAM, World, view

import hindcast


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with hindcast.open(tmp_path / "store", "create") as store:
        store.register(STREAM, view())
        yield World(store)
