"""PDFium's functions, those that are called: pypdfium2's bindings of all of them take longer to load than two pages."""

import ctypes
import functools
import importlib.util
from pathlib import Path
from typing import Any

from helpers.read.pdf.limits import Bad

IMAGE, FORM, TEXT = 3, 5, 1
"""Kinds of what a page shows."""
_TYPES = {"p": ctypes.c_void_p, "s": ctypes.c_char_p, "i": ctypes.c_int, "u": ctypes.c_ulong, "f": ctypes.c_float}
_TYPES |= {"d": ctypes.c_double}
_FUNCTIONS = """
    FPDF_LoadDocument pss   FPDF_GetPageCount ip
    FPDF_LoadPage ppi   FPDF_ClosePage ip   FPDFPage_SetRotation ipi   FPDFText_LoadPage pp   FPDFText_ClosePage ip
    FPDFPage_CountObjects ip   FPDFPage_GetObject ppi   FPDFFormObj_CountObjects ip   FPDFFormObj_GetObject ppu
    FPDFPageObj_GetType ip   FPDFPageObj_GetFillColor ippppp   FPDFTextObj_GetFont pp
    FPDFFont_GetBaseFontName upsu   FPDFFont_GetFlags ip
    FPDFText_CountChars ip   FPDFText_GetText ipiip   FPDFText_GetUnicode upi   FPDFText_GetTextObject ppi
    FPDFText_GetLooseCharBox ipip   FPDFText_GetCharOrigin ipipp   FPDFText_GetMatrix ipip   FPDFText_GetFontSize dpi
"""
"""Each with the types of its answer and of what it takes."""


@functools.cache
def library() -> Any:  # noqa: ANN401 - functions that are bound as they come
    """Return the library that pypdfium2 brings."""
    found = importlib.util.find_spec("pypdfium2_raw")
    places = [Path(folder) for folder in (found and found.submodule_search_locations) or ()]
    file = next(
        (file for place in places for file in place.glob("*pdfium.*") if file.suffix in (".so", ".dylib")), None
    )
    if file is None:
        raise Bad("the package pypdfium2 is missing", "setup.sh --deps-only")
    loaded = ctypes.CDLL(str(file))
    rows = _FUNCTIONS.split()
    for name, types in zip(rows[::2], rows[1::2], strict=True):
        function = getattr(loaded, name)
        function.restype, *function.argtypes = (_TYPES[what] for what in types)
    loaded.FPDF_InitLibrary()
    return loaded
