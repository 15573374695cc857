"""Small suites on the plugin `stillwave`, run inside a test.

Rule: whatever heavy an inner run would import is imported here first: it forgets what it imported itself, and numba
does not bear to be imported twice.
"""

from __future__ import annotations

import pytest

import hw_sim.hil.device_under_test
import hw_sim.rig
import wire.recording
import wire.transport

LOADED = (hw_sim.hil.device_under_test, hw_sim.rig, wire.recording, wire.transport)
SAYS_MORE = ("CI", "BUILD_NUMBER")
"""In an environment with one of these pytest repeats what failed in its summary."""
CONFTEST = """
import hw_sim.pytest_plugin
def pytest_addoption(pluginmanager):
    if not pluginmanager.has_plugin("stillwave"):
        pluginmanager.register(hw_sim.pytest_plugin, "stillwave")
"""


def inner(pytester: pytest.Pytester, suite: str, *args: str) -> pytest.RunResult:
    """Runs a suite of one file; `import pytest` is in it."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("import pytest\n" + suite)
    with pytest.MonkeyPatch.context() as patch:
        for word in SAYS_MORE:
            patch.delenv(word, raising=False)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", *args)


def lines(result: pytest.RunResult, word: str) -> list[str]:
    """What the run said that has this word."""
    return [line for line in result.outlines if word in line]
