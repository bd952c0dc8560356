#!/usr/bin/env bash
# Correctness: what python3 makes of the same bytes, and the program's own refusal of binary files.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'PY'
import random, re, subprocess, sys

work = sys.argv[1]
random.seed(5)
texts = [b"", b"\r", b"\r\n", b"\n", b"a\r\nb\r\rc\n\r\n", b"\xef\xbb\xbfbom\r\n", b"last line\r", b"tab\tand\x0cfeed\r\n"]
texts += [bytes(random.choice(b"ab \t\r\n\xc3\xa9\xff") for _ in range(random.randrange(20000))) for _ in range(40)]
for options, add in (([], b"\n"), (["-l"], b"\n\n")):
    for text in texts:
        got = subprocess.run(["./dos2unix", *options], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        want = (text[3:] if text.startswith(b"\xef\xbb\xbf") else text).replace(b"\r\n", add)
        assert want == got, (options, text[:60], want[:60], got[:60])
for name, content in (("binary", b"a\r\n\x01b\r\n"), ("text", b"a\r\nb\r\n")):
    open(f"{work}/{name}", "wb").write(content)
    subprocess.run(["./dos2unix", "-q", f"{work}/{name}"], check=False, stderr=subprocess.DEVNULL)
assert b"a\r\n\x01b\r\n" == open(f"{work}/binary", "rb").read(), "a binary file was changed"
assert b"a\nb\n" == open(f"{work}/text", "rb").read(), "a text file was not converted"
mac = subprocess.run(["./dos2unix", "-c", "mac"], input=b"a\rb\r\nc\r", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
assert b"a\nb\r\nc\n" == mac, mac
PY
