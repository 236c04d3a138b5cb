"""Trainings in one process, one after the other."""

import pytest


@pytest.fixture(autouse=True)
def forgotten(forgetful):
    """A worker came to hold 13 GiB."""
