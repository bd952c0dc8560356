"""Characters and lines of a page, as pypdf hands them out."""
