"""Characters and lines of a page, as PDFium hands them out."""
