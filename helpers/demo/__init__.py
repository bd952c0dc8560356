"""Whole sessions on a throw-away repository, driving the scripts as an agent would."""
