"""What every test shares: nothing of the machine leaks in."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No home, no colours and no language but the test's own."""
    for name in ("NO_COLOR", "RNN_TUTOR_ASCII", "RNN_TUTOR_CACHE", "LANGUAGE", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RNN_TUTOR_DATA", str(home / "data"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "truecolor")
