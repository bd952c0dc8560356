"""A PDF as text: the public face, and the limited child that reads it."""
