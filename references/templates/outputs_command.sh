#!/usr/bin/env bash
# Answers of a command-line program: exit code, output, errors and changed files for odd, empty, small and large input.
# Fill in PROGRAM, OPTIONS and SAMPLES. What may differ is declared in a line that begins with "# OUTPUTS:".
set -euo pipefail
export LC_ALL=C TZ=UTC

python3 - <<'PY'
import glob, os, random, subprocess, sys

PROGRAM = "./PROGRAM"
OPTIONS = [[], ["--option"], ["--file", "{}"]]  # each is tried; the input is written to a file where {} stands, else to stdin
SAMPLES = ["tests/data/*"]  # files that are cut, doubled and changed: input that is nearly right; none that may change
ALPHABETS = [b"ab", b"ab \n", b"0123456789.-+eE, \n", b"aA\xe9\xc3\xa9\0\r\n\t ", bytes(range(256))]
CASES, LARGE = 60, 200_000

seed = int(os.environ["AUTORESEARCH_SEED"])
r = random.Random(seed)
ODD = [b"", b"\xff", b"\xef\xbb", b"\n", b"\n\n", b" ", b"\0", b"\r\n", b"a", b"a\n", b"\xff\xfe", b"\xef\xbb\xbfa\n", b"-", b"0", b"-1", b"\t\t\n",
       b"99999999999999999999\n", b"a" * 4095 + b"\n", b"a" * 4096, b"a\n" * 2048, b"a" * 65537, b"x y " * 3 + b"\n\n\n"]


def made():
    kind = r.randrange(7)
    if kind == 0:
        return r.choice(ODD)
    if kind < 4 and samples:
        return mutated(r.choice(samples))
    size = r.choice([1, 2, 3, 10, 100, 1000] + [LARGE] * (r.random() < 0.1))
    letters = r.choice(ALPHABETS)
    if kind == 4:  # few different lines, many of them
        lines = [bytes(r.choices(letters, k=r.randrange(12))) for _ in range(1 + size // 8)]
        return b"\n".join(r.choices(lines, k=size)) + r.choice([b"", b"\n"])
    if kind == 5:  # sorted, or the other way round
        return b"\n".join(sorted((b"%d" % r.randint(-size, size) for _ in range(size)), reverse=r.random() < 0.5)) + b"\n"
    return bytes(r.choices(letters, k=size))


def mutated(sample):
    if r.random() < 0.5 and len(sample) > 1:
        at = r.randrange(len(sample) + 1)
        sample = sample[at : at + r.choice([40, 200, 2000])]
    for _ in range(r.randrange(4)):
        i, j = sorted(r.randrange(len(sample) + 1) for _ in "ab")
        at = r.randrange(i, j + 1)
        part = [sample[i:j] * 2, b"", bytes([r.randrange(256)]), r.choice(ODD)[:99], r.choice(ALPHABETS)[:3], sample[i:j][::-1]]
        part += [sample[i:j] + sample[i:at] + bytes([r.choice(sample or b"a")]) + sample[at + 1 : j]] * 2  # nearly the same again
        sample = sample[:i] + r.choice(part) + sample[(j if r.random() < 0.5 else i + 1) :]
    return sample


files = sorted(file for pattern in SAMPLES for file in glob.glob(pattern, recursive=True) if os.path.isfile(file))
samples = [s for s in (open(file, "rb").read(LARGE) for file in files) if s]
place = os.path.relpath(os.path.join(os.environ.get("TMPDIR", "/tmp"), "input"))  # the same words on both sides

for case in range(CASES):
    data, options = made(), OPTIONS[case % len(OPTIONS)]
    if os.environ.get("SHOW_CASES"):  # by hand: SHOW_CASES=1
        print(case, options, file=sys.stderr)  # the last one is where it hangs
    named = any("{}" in option for option in options)
    if named:
        with open(place, "wb") as file:
            file.write(data)
    command = [PROGRAM, *(option.replace("{}", place) for option in options)]
    done = subprocess.run(command, input=b"" if named else data, capture_output=True, timeout=120)
    after = open(place, "rb").read() if named and os.path.exists(place) else b"(gone)"
    with open(f"{os.environ['AUTORESEARCH_OUT']}/{case:03}", "wb") as out:
        out.write(f"{options} with {len(data)} bytes {data[:300]!r}\nexit {done.returncode}\n".encode())
        out.write(done.stdout + b"\n(errors)\n" + done.stderr)
        if named and after != data:
            out.write(b"\n(the file afterwards)\n" + after)
print(f"{CASES} answers, a file each, in {os.environ['AUTORESEARCH_OUT']}", file=sys.stderr)
PY
