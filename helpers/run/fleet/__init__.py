"""The executor for many machines, through SkyPilot."""
