"""What tests of figures share."""

import pytest

from earfield.figures import style


@pytest.fixture(autouse=True)
def coarse_pictures(monkeypatch):
    """Save pictures with few pixels, which takes a tenth of the time."""
    monkeypatch.setattr(style, "DPI", 50)
