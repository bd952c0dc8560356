"""An isolated copy on a worker: a log, parsed into samples."""
