"""The policy: what a change may contain."""
