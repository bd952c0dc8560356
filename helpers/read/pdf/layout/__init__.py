"""What each line of a paper is: heading, caption, reference, text."""
