"""GitHub and the git log: pull requests, issues, commits, forks."""
