"""What a job is and what it gave, wherever it ran."""
