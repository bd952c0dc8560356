"""PDFs made by hand: small true ones, and hostile ones; also used by benchmarks/pdf_hostile.py."""

import random
import zlib


def build(objects, root=1, extra=b""):
    """Return a PDF of these objects (numbered from 1), with a true cross-reference table."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    return bytes(
        out + b"trailer<</Size %d/Root %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, extra, start)
    )


def stream(data, entries=b""):
    """Return a stream object."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries, data)


def one_page(content, *, resources=b"/Font<</F1 5 0 R>>", more=(), entries=b""):
    """Return a PDF with one page of this content."""
    return build(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<" + resources + b">>>>",
            stream(content, entries),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
            *more,
        ]
    )


def text_page(words="Hello from a paper."):
    """Return a PDF with one line of text."""
    return one_page(f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode())


def scanned(pages):
    """Return a PDF whose pages show one picture each."""
    kids = b" ".join(b"%d 0 R" % (n + 5) for n in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R/Resources<</XObject<</I 4 0 R>>>>>>"
    image = stream(b"\0" * 64, b"/Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray")
    return build(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages,
            stream(b"/I Do"),
            image,
            *[page] * pages,
        ]
    )


def bomb(megabytes, layers=1):
    """Return a PDF whose page inflates to that much, in one or more layers of compression."""
    packer, piece = zlib.compressobj(9), b"BT /F1 12 Tf (a) Tj ET\n" * 40_000  # in pieces: the maker stays small
    data = b"".join(packer.compress(piece) for _ in range(megabytes * 1_000_000 // len(piece))) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return one_page(data, entries=b"/Filter[" + b"/FlateDecode" * layers + b"]")


def nested(depth):
    """Return a PDF with arrays in arrays, in the page's content."""
    return one_page(b"BT /F1 12 Tf 72 720 Td " + b"[" * depth + b"(a)" + b"]" * depth + b" TJ ET")


def nested_object(depth):
    """Return a PDF with dictionaries in dictionaries, as its catalogue."""
    return build(
        [
            b"<</Type/Catalog/Pages 2 0 R/X" + b"<</A" * depth + b" 1 " + b">>" * depth + b">>",
            b"<</Type/Pages/Kids[]/Count 0>>",
        ]
    )


def loop_of_pages():
    """Return a PDF whose page tree is its own child."""
    return build([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"])


def loop_of_forms():
    """Return a PDF whose picture of text draws itself."""
    form = stream(
        b"BT /F1 9 Tf (x) Tj ET /X Do /X Do",
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>/Font<</F1 5 0 R>>>>",
    )
    return one_page(b"/X Do /X Do", resources=b"/XObject<</X 6 0 R>>/Font<</F1 5 0 R>>", more=[form])


def forms_of_forms(depth, width):
    """Return a PDF with forms that each draw the next several times: width to the power of depth pieces of text."""
    made = []
    for n in range(depth):
        inner = b"BT /F1 9 Tf (x) Tj ET" if n == depth - 1 else b"/X Do " * width
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>/Font<</F1 5 0 R>>>>" % (
            n + 7
        )
        made.append(stream(inner, entries))
    return one_page(b"/X Do", resources=b"/XObject<</X 6 0 R>>/Font<</F1 5 0 R>>", more=made)


def many_pages(count):
    """Return a PDF that has one page, that many times."""
    pages = b"<</Type/Pages/Kids[" + b"3 0 R " * count + b"]/Count %d>>" % count
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    return build(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            pages,
            page,
            stream(b"BT /F1 12 Tf 1 1 Td (Page.) Tj ET"),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def claims_pages(count):
    """Return a PDF that says it has that many pages, and has one."""
    return text_page().replace(b"/Count 1>>", b"/Count %d>>" % count)


def huge_picture():
    """Return a PDF that draws a picture of 10 to the 10th points, inflating to nothing like it."""
    image = stream(
        zlib.compress(b"\0" * 1_000_000),
        b"/Type/XObject/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8"
        b"/ColorSpace/DeviceRGB/Filter/FlateDecode",
    )
    return one_page(
        b"/I Do BT /F1 12 Tf 72 720 Td (Text.) Tj ET", resources=b"/XObject<</I 6 0 R>>/Font<</F1 5 0 R>>", more=[image]
    )


def long_line(megabytes):
    """Return a PDF with one string of that length."""
    return one_page(b"BT /F1 12 Tf 72 720 Td (" + b"ab cd-" * (megabytes * 1_000_000 // 6) + b") Tj ET")


def many_lines(count):
    """Return a PDF with that many short lines on one page, numbered like headings."""
    rows = b"".join(
        b"BT /F1 %d Tf 72 %d Td (%d.%d Heading - a) Tj ET\n" % (8 + n % 9, 780 - 12 * (n % 64), n % 40, n % 30)
        for n in range(count)
    )
    return one_page(rows)


def mutated(data, seed):
    """Return a PDF that was cut, had bits flipped, or parts repeated, moved or swapped, by a seed."""
    rng = random.Random(seed)
    out = bytearray(data)
    kind = rng.choice(("cut", "flip", "flip", "bytes", "repeat", "numbers", "drop"))
    if kind == "cut":
        return bytes(out[: rng.randrange(20, len(out))])
    for _ in range(rng.choice((1, 10, 100, 1000))):
        at = rng.randrange(9, len(out))
        if kind == "flip":
            out[at] ^= 1 << rng.randrange(8)
        elif kind == "bytes":
            out[at] = rng.randrange(256)
        elif kind == "numbers" and 48 <= out[at] <= 57:
            out[at] = rng.randrange(48, 58)
    if kind in ("repeat", "drop"):
        start = rng.randrange(9, len(out))
        part = out[start : start + rng.randrange(1, 20_000)]
        out[start : start + (len(part) if kind == "drop" else 0)] = b"" if kind == "drop" else part
    return bytes(out)


def hostile():
    """Yield (name, PDF) of all kinds above, small enough to make in a moment."""
    yield "bomb of 300 MB", bomb(300)
    yield "bomb in three layers", bomb(200, 3)
    yield "arrays 100,000 deep", nested(100_000)
    yield "dictionaries 50,000 deep", nested_object(50_000)
    yield "page tree in a loop", loop_of_pages()
    yield "form that draws itself", loop_of_forms()
    yield "forms of forms, 10 to the 8th", forms_of_forms(8, 10)
    yield "100,000 pages", many_pages(100_000)
    yield "claims 100,000 pages", claims_pages(100_000)
    yield "picture of 10 to the 10th points", huge_picture()
    yield "string of 8 MB", long_line(8)
    yield "8,000 lines on one page", many_lines(8_000)
    yield "header only", b"%PDF-1.4\n"
    yield "header and noise", b"%PDF-1.4\n" + random.Random(1).randbytes(50_000)
    yield "trailer of nothing", b"%PDF-1.4\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    yield (
        "xref that points to itself",
        b"%PDF-1.4\nxref\n0 1\n0000000009 65535 f \ntrailer<</Prev 9/Root 1 0 R/Size 1>>\nstartxref\n9\n%%EOF",
    )
