"""The two readers of a file: PDFium, and pypdf for what PDFium cannot open or dies of. Runs in the limited child.

Both answer alike: `pages`, and `page(n)`. pypdf's lines have no face: headings are found by their
numbers and names alone.
"""

import os
from pathlib import Path

from helpers.read.pdf.limits import Bad, plainly
from helpers.read.pdf.text.lines import Line


class Pdfium:
    """Characters with font, size and box."""

    def __init__(self, file: str) -> None:
        from helpers.read.pdf.text import characters, pdfium

        self._pdfium = pdfium.library()
        self._document = self._pdfium.FPDF_LoadDocument(os.fsencode(file), None)
        if not self._document:
            raise ValueError("not for PDFium")
        self._looks = characters.Looks()
        self.pages = self._pdfium.FPDF_GetPageCount(self._document)

    def page(self, n: int) -> tuple[list[Line], str, bool]:
        """Return the lines of a page, what is to be said of it, and whether it shows a picture."""
        from helpers.read.pdf.text import characters, lines

        page = self._pdfium.FPDF_LoadPage(self._document, n)
        if not page:
            raise ValueError("it cannot be opened")
        self._pdfium.FPDFPage_SetRotation(page, 0)  # how it is shown says nothing of its text
        try:
            shown = characters.Page(page, self._looks)
            found, said = lines.page_lines(shown.words(), n)
            shown.close()
            return found, said, shown.pictured and sum(len(line.text) for line in found) < 100
        finally:
            self._pdfium.FPDF_ClosePage(page)


class Pypdf:
    """Lines of plain text."""

    def __init__(self, file: str) -> None:
        import logging

        import pypdf
        from pypdf.errors import DependencyError

        logging.disable(logging.CRITICAL)

        pypdf.overwrite_configuration(
            zlib_maximum_output_length=20_000_000,
            lzw_maximum_output_length=20_000_000,
            run_length_maximum_output_length=20_000_000,
            array_based_stream_maximum_output_length=20_000_000,
            stream_parsing_work_maximum_count=2_000_000,
            stream_decoding_work_maximum_length=60_000_000,
            xform_maximum_invocations_per_extraction=500,
            page_tree_maximum_entries=20_000,
            jbig2dec_binary=None,
        )
        try:
            self._reader = pypdf.PdfReader(Path(file).open("rb"), strict=False)  # noqa: SIM115 - open as long as we are
            locked = self._reader.is_encrypted and not self._reader.decrypt("")
        except (DependencyError, NotImplementedError) as error:
            raise Bad(
                f"encrypted in a way that cannot be read: {plainly(error)}",
                "remove the protection, as with qpdf --decrypt",
            ) from error
        if locked:
            raise Bad(
                "encrypted: it needs a password", "remove it first, as with: qpdf --password=... --decrypt IN OUT"
            )
        self.pages = len(self._reader.pages)

    def page(self, n: int) -> tuple[list[Line], str, bool]:
        """As the other's."""
        page = self._reader.pages[n]
        rows = [row.strip() for row in page.extract_text().splitlines() if row.strip()]
        made = [Line(row, n, 0, -12.0 * at, 10, right=5.0 * len(row)) for at, row in enumerate(rows)]
        return made, "", not rows and bool(len(page.images))


Engine = Pdfium | Pypdf
