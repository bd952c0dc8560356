"""Papers, pull requests and forks: ideas with a source."""

import importlib
from types import ModuleType

_WITHIN = {"sources": "ideas", "html_text": "papers", "latex_text": "papers"}
"""Modules that programs outside also know as this package's own."""


def __getattr__(name: str) -> ModuleType:
    if name not in _WITHIN:
        raise AttributeError(name)
    return importlib.import_module(f"{__name__}.{_WITHIN[name]}.{name}")
