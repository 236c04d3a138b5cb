import pytest


@pytest.fixture(autouse=True)
def forgotten(forgetful):
    """Translators are large."""
