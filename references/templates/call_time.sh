#!/usr/bin/env bash
# Benchmark: seconds of a call on fresh input, without the start of the process. Keep one of the workers (Python, JavaScript, C or
# C++; Rust and Go: see there) and delete the others; fill in the import and `call` of it, and `make_input`.
#
# Two processes: the driver below (standard library, protected) has clock and inputs; the worker, in the copy, computes. Each
# timed input is new and is sent when the clock runs; the clock stops when the complete answer, or its digest, has come back. So
# nothing is gained by remembering answers, by computing later or earlier, or by another clock in the worker.
# AUTORESEARCH_FRESH: always (no call on an input that the process has seen)
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
LANGUAGE=python # or javascript, or native: the worker that you kept

case $LANGUAGE in
python)
worker=(python3 -c '
import os, sys
sys.path.insert(0, os.getcwd())
import json  # PROGRAM

def call(data):
    return json.loads(data)  # the whole answer: numbers, texts, lists, dicts, or what repr() shows whole

import hashlib, marshal, struct

def digest(answer):
    try:
        return hashlib.sha256(marshal.dumps(answer, 2)).digest()
    except ValueError:
        return hashlib.sha256(repr(answer).encode("utf-8", "surrogatepass")).digest()

questions, answers = open(int(sys.argv[1]), "rb"), open(int(sys.argv[2]), "wb", buffering=0)
answers.write(bytes(8))
while size := questions.read(8):
    said = digest(call(questions.read(*struct.unpack("<Q", size))))
    answers.write(struct.pack("<Q", len(said)) + said)
')
;;
javascript)
worker=(node -e '
const { createRequire } = require("module"), { createHash } = require("crypto"), fs = require("fs");
const program = createRequire(process.cwd() + "/")("./PROGRAM.js");

async function call(data) {
  return program.FUNCTION(data.toString()); // the whole answer: what JSON and the kinds below can show; default exports: program.default(...)
}

const kinds = (_, v) => Object.is(v, -0) ? "-0"
  : typeof v === "bigint" || typeof v === "number" && !isFinite(v) ? `${typeof v} ${v}`
  : v === undefined ? "undefined" : v instanceof Map || v instanceof Set ? [v.constructor.name, ...v] : v;
const [questions, answers] = process.argv.slice(-2).map(Number);
const write = (b) => { for (let at = 0; at < b.length;) at += fs.writeSync(answers, b, at); };
function read(size) {
  const b = Buffer.allocUnsafe(size);
  for (let at = 0; at < size;) {
    const n = fs.readSync(questions, b, at, size - at, null);
    if (n === 0) process.exit(0);
    at += n;
  }
  return b;
}
write(Buffer.alloc(8));
(async () => {
  for (;;) {
    const answer = await call(read(Number(read(8).readBigUInt64LE())));
    const digest = createHash("sha256").update(JSON.stringify(answer, kinds) ?? "undefined").digest();
    write(Buffer.concat([Buffer.from([32, 0, 0, 0, 0, 0, 0, 0]), digest]));
  }
})();
' --)
;;
native)
# Rust and Go: a worker of their own in the same shape: write 8 zero bytes; then, until the end of the input, read 8 bytes
# (the length, little-endian) and so many bytes, compute, and write the length and the bytes of the whole answer. The last two
# arguments are the numbers of the descriptors: std::fs::File::from_raw_fd(n) in Rust, os.NewFile(n, "") in Go.
work=$(mktemp -d)
cat >"$work/worker.c" <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "LIBRARY.h"

/* Computes; writes the whole answer into `out`. */
static void call(const unsigned char *data, size_t size, FILE *out) {
  long long result = FUNCTION(data, size);
  fwrite(&result, sizeof result, 1, out);
}

int main(int argc, char **argv) {
  FILE *questions = fdopen(atoi(argv[argc - 2]), "rb"), *answers = fdopen(atoi(argv[argc - 1]), "wb");
  uint64_t size = 0;
  fwrite(&size, sizeof size, 1, answers);
  fflush(answers);
  while (fread(&size, sizeof size, 1, questions) == 1) {
    unsigned char *data = malloc(size + 1);
    if (!data || fread(data, 1, size, questions) != size) return 1;
    data[size] = 0;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    call(data, size, out);
    fclose(out);
    size = length;
    fwrite(&size, sizeof size, 1, answers);
    fwrite(text, 1, length, answers);
    fflush(answers);
    free(text);
    free(data);
  }
  return 0;
}
C
cc -O2 -Isrc -o "$work/worker" "$work/worker.c" src/LIBRARY.c # a large one: link what --build has compiled, once a comparison
worker=("$work/worker")
;;
esac

exec python3 -I -S - "${worker[@]}" <<'DRIVER'
import json

# INPUT: bytes from this Random alone, another for each call; representative, and large enough for 0.05 s and more.
def make_input(chance):
    return json.dumps([chance.randrange(10**9) for _ in range(100_000)]).encode()

import ctypes, hashlib, os, random, resource, statistics, struct, subprocess, sys, tempfile, time
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: who is measured cannot look in here for the coming input
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what it leaves running is waited for

def processor():
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])  # os.times() counts in hundredths of a second

def end(words):
    errors.seek(0)
    sys.exit(f"{words}: {errors.read().decode(errors='replace')[-800:]}")

def whole(size):
    data = b""
    while len(data) < size:
        part = os.read(answers, min(size - len(data), 1 << 20))
        data += part or end("the worker ended without an answer")
    return data

def answer():
    return whole(struct.unpack("<Q", whole(8))[0])

def ask(data):
    data, began = memoryview(struct.pack("<Q", len(data)) + data), time.perf_counter()
    try:
        while data:
            data = data[os.write(questions, data):]
    except BrokenPipeError:
        end("the worker ended without an answer")
    said = answer()
    return time.perf_counter() - began, said

compiling = processor()  # bash has become this process: its children were the compiler's
seed = os.environ.get("AUTORESEARCH_SEED", "1")
inputs = [make_input(random.Random(f"{seed}/{n}")) for n in range(int(os.environ.get("AUTORESEARCH_REPEATS", "5")) + 1)]
env = {k: v for k, v in os.environ.items() if k != "AUTORESEARCH_SEED"}  # the coming input is not to be made from it
errors = tempfile.TemporaryFile()
(its_questions, questions), (answers, its_answers) = os.pipe(), os.pipe()
began = time.perf_counter()
worker = subprocess.Popen([*sys.argv[1:], str(its_questions), str(its_answers)], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=errors, pass_fds=(its_questions, its_answers))
os.close(its_questions), os.close(its_answers)
answer()  # an empty one: it is ready
startup = time.perf_counter() - began
if not os.environ.get("AUTORESEARCH_FRESH"):  # then no call comes before the one that counts
    startup += ask(inputs[0])[0]  # warm: not among the calls, and what is made ready in it is no faster
samples, digest = [], hashlib.sha256()
for data in inputs[1:]:
    took, said = ask(data)
    samples.append(took)
    digest.update(hashlib.sha256(said).digest())
began = time.perf_counter()
os.close(questions)
if worker.wait():
    end(f"the worker ended with exit {worker.returncode}")
try:
    while True:
        os.wait()
except ChildProcessError:
    startup += time.perf_counter() - began  # what was put off to the end is no faster
print(f"METRIC time_s={statistics.median(samples):.9f}")
print(f"METRIC startup_s={startup:.6f}")  # all that is not in the calls: the lock limits it by startup_s=+20%
print(f"METRIC cpu_s={processor() - compiling:.6f}")  # of all threads and children, to their end
print(f"METRIC output_crc={int.from_bytes(digest.digest()[:6], 'big')}")  # of all answers: the lock adds output_crc=same
print("SAMPLES time_s=" + ",".join(f"{s:.9f}" for s in samples))
DRIVER
