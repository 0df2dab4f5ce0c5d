"""What the tests of green programs share."""

import gc
import warnings

import pytest


@pytest.fixture(autouse=True)
def _swept():
    """What a killed script has left open is closed in peace, and not in another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
