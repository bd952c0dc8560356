"""Papers, pull requests and forks: ideas with a source."""
