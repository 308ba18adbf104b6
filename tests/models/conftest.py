"""Every system the registry knows, one after the other."""

import pytest
from systems import contract

from musicrec.models.registry import System


@pytest.fixture(params=[
    pytest.param(name, marks=[pytest.mark.slow] if system.family == "networks" else [])
    for name, system in contract().items()
])  # fmt: skip
def system(request: pytest.FixtureRequest) -> System:
    return contract()[request.param]
