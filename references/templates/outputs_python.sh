#!/usr/bin/env bash
# Answers of Python functions: what they return, raise, print and do to their arguments, and what a second call says after
# the first answer was spoiled. Fill in CALLS. What may differ is declared in a line that begins with "# OUTPUTS:".
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
export HYPOTHESIS_STORAGE_DIRECTORY=${TMPDIR:-/tmp}/hypothesis

python3 - <<'PY'
import contextlib, copy, glob, importlib, io, itertools, os, random, re, sys

CALLS = [  # MODULE:FUNCTION (or Class.method), and what makes its arguments: text, value, number, any Python
    ("MODULE:FUNCTION", lambda: call(text())),
    ("MODULE:FUNCTION", lambda: call(value(), indent=r.choice([None, 0, 2]))),
    # An object with a state: what makes it, and methods that are called in a random order. Few keys, so that they meet.
    # ("MODULE:CLASS", lambda: call(r.randrange(1, 5)), {
    #     "__setitem__": lambda: call(r.choice("abcdef"), number()), "get": lambda: call(r.choice("abcdef")),
    #     "__len__": lambda: call(), "__iter__": lambda: call()}),
]
SAMPLES = ["tests/data/*"]  # files whose text is cut, doubled and changed: input that is nearly right; none that may change
CASES = 150

seed, r = int(os.environ["AUTORESEARCH_SEED"]), random.Random()
NUMBERS = [0, 1, -1, 2, 3, 7, 10, 255, 256, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63, 2**64, -(10**30), True, False,
           0.0, -0.0, 0.1, -1.5, 1e-300, 5e-324, 1e16, 1e308, float("inf"), float("-inf"), float("nan")]
TEXTS = ["", " ", "\n", "\r\n", "\t", "\0", "a", "A", "0", "-0", "007", "1e5", "1.", "nan", "-", "_", ".", "..", "/", "\\",
         '"', "'", "#", "%", "{}", "[]", "é", "e\u0301", "ß", "İ", "\u2028", "\ufeff", "𝒳", "日本", "\u200d", "\ud800", "None"]
LETTERS = "ab01 \n\t,;:.=-_#\"'\\/[](){}<>éß\u2028\U0001f600"
FORBIDDEN = "".join(map(chr, [*range(32), 127, 128, 133, 160, 0xFEFF, 0xFFFD, 0xFFFF]))  # by many a format, somewhere
pools = {}


def call(*args, **named):
    return args, named


def number():
    return r.choice([r.choice(NUMBERS), r.randint(-20, 20), r.randint(-(2**40), 2**40), r.uniform(-5, 5)])


def text(letters=LETTERS):
    kind = r.randrange(8)
    if kind < 2:
        return r.choice(TEXTS if kind else TEXTS[:3])
    if kind < 4 and samples:
        return mutated(r.choice(samples))
    if kind == 4 and pools:
        return copy.deepcopy(r.choice(pools["text"]))
    size = r.choice([1, 2, 3, 5, 8, 20, 80, 300] + [5000] * (r.random() < 0.1))
    words = [r.choice(letters) for _ in range(size)] if kind < 7 else [r.choice(letters)] * size
    if r.random() < 0.1:
        words[r.randrange(size)] = r.choice(FORBIDDEN)
    return "".join(words) + (r.choice(TEXTS) if r.random() < 0.2 else "")


def mutated(sample):
    at = r.randrange(len(sample) + 1) if r.random() < 0.8 else 0
    sample = sample[at:] + sample[:at] if r.random() < 0.1 else sample[at : at + r.choice([40, 200, 2000])]
    for _ in range(r.randrange(4)):
        i, j = sorted(r.randrange(len(sample) + 1) for _ in "ab")
        at = r.randrange(i, j + 1)
        part = [sample[i:j] * 2, "", r.choice(LETTERS), r.choice(TEXTS), r.choice(FORBIDDEN), sample[i:j][::-1]]
        part.append(sample[i:j] + sample[i:at] + r.choice(LETTERS) + sample[at + 1 : j])  # nearly the same again
        sample = sample[:i] + r.choice(part) + sample[(j if r.random() < 0.5 else i + 1) :]
    return sample


def value(depth=3):
    kind = r.randrange(12 if depth else 6)
    if kind < 2:
        return number()
    if kind < 4:
        return text()
    if kind == 4:
        return r.choice([None, None, True, b"", b"\xff\0", (), [], {}, object])
    if kind == 5 and pools:
        return copy.deepcopy(r.choice(pools["value"]))
    size = r.choice([0, 1, 2, 2, 3, 5, 9] + [200] * (depth == 3 and r.random() < 0.2))
    items = [number() for _ in range(size)] if r.random() < 0.5 or not depth else [value(depth - 1) for _ in range(size)]
    items += items[: r.randrange(3)]  # equal ones
    if kind < 8:
        return items
    return tuple(items) if kind == 8 else {text(): item for item in items}


def pool(strategy):
    found = []

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=60, database=None, deadline=None, phases=[hypothesis.Phase.generate],
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(strategy)
    def collect(drawn):
        found.append(drawn)

    collect()
    return found


def show(it, depth=0):
    """Everything that a caller could see of a value: types, order, signs; no addresses."""
    kind = type(it)
    if depth > 50:
        return "..."
    if kind in (bool, int, float, complex, str, bytes, bytearray, type(None)):
        return repr(it)
    if isinstance(it, (set, frozenset)):
        return f"{kind.__name__}{sorted(show(x, depth + 1) for x in it)}"
    if isinstance(it, dict):
        rows = ", ".join(f"{show(k, depth + 1)}: {show(v, depth + 1)}" for k, v in it.items())
        return ("" if kind is dict else kind.__name__) + "{" + rows + "}"
    if isinstance(it, (list, tuple)):
        begin, end = "[]" if isinstance(it, list) else "()"
        rows = ", ".join(show(x, depth + 1) for x in it)
        return ("" if kind in (list, tuple) else kind.__name__) + begin + rows + end
    if hasattr(it, "__next__"):
        items = []
        try:
            items += [show(x, depth + 1) for x in itertools.islice(it, 10_000)]
        except Exception as error:
            items.append(f"raises {type(error).__name__}")
        return f"iterator of {items}"
    own = {} if callable(it) else dict(getattr(it, "__dict__", {}))
    said = f"{kind.__name__} {show(own, depth + 1)}" if kind.__repr__ is object.__repr__ else repr(it)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", said)


def parts(it):
    if isinstance(it, dict):
        return list(it.items())
    return list(enumerate(it)) if isinstance(it, (list, tuple)) else []


def shared(args, result):
    """Where an answer holds a container that stands elsewhere too: who changes one of them changes both."""
    seen, found = {}, []

    def walk(it, place, depth=0):
        if isinstance(it, (list, dict, set, bytearray)):
            if id(it) in seen:
                found.append(f"{place} is {seen[id(it)]} itself")
                return
        elif id(it) in seen:
            return
        seen[id(it)] = place
        for key, part in parts(it) if depth < 20 else ():
            walk(part, f"{place}[{key!r}]"[:60], depth + 1)

    for n, a in enumerate(args):
        walk(a, f"argument {n}")
    del found[:]  # what the arguments share among themselves
    walk(result, "answer")
    return found[:9]


def spoil(it, depth=0, seen=None):
    """What the caller does with an answer must not reach the next one."""
    seen = {} if seen is None else seen
    for _, part in parts(it) if depth < 20 and id(it) not in seen else ():
        seen[id(it)] = it
        spoil(part, depth + 1, seen)
    with contextlib.suppress(Exception):
        it.clear()


def ask(function, args, named):
    before, printed, result = show((args, named)), io.StringIO(), None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            result = function(*args, **named)
            said = f" = {show(result)}"
        except (Exception, SystemExit) as error:
            internal = isinstance(error, (TypeError, AttributeError, IndexError))  # the words name what stands inside
            said = f" raises {type(error).__name__}" + ("" if internal else f": {error}")
            said = re.sub(r" at 0x[0-9a-fA-F]+", "", said)
    said += "".join(f", {place}" for place in shared((*args, *named.values()), result))
    if show((args, named)) != before:
        said += f"\n  arguments are then {show((args, named))}"
    return f"({before[:400]}){said}" + (f"\n  printed {printed.getvalue()!r}" if printed.getvalue() else ""), result


files = sorted(file for pattern in SAMPLES for file in glob.glob(pattern, recursive=True) if os.path.isfile(file))
samples = [s for s in (open(f, encoding="utf-8", errors="surrogateescape").read(200_000) for f in files) if s]
with contextlib.suppress(ImportError):
    if seed % 4 == 0:  # it takes a second. Before the program is imported: hypothesis draws from what it finds there
        import hypothesis
        from hypothesis import strategies as st

        plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
        pools["text"] = pool(st.text())
        pools["value"] = pool(st.recursive(plain, lambda x: st.lists(x) | st.dictionaries(st.text(), x) | st.tuples(x, x)))
sys.path.insert(0, os.getcwd())

with open(os.path.join(os.environ["AUTORESEARCH_OUT"], "answers"), "w", encoding="utf-8", errors="backslashreplace") as out:
    for case in range(CASES):
        name, make, *methods = CALLS[case % len(CALLS)]
        if os.environ.get("SHOW_CASES"):  # by hand: SHOW_CASES=1
            print(case, name, file=sys.stderr)  # the last one is where it hangs
        module, _, path = name.partition(":")
        function = importlib.import_module(module)
        for part in path.split("."):
            function = getattr(function, part)
        for time in ("", "again "):
            r.seed(f"{seed}/{case}")  # the same arguments, made anew
            said, result = ask(function, *make())
            if methods and result is not None:  # made: what it holds is its own affair, what it answers is not
                print(f"{case} {time}{path} is made", file=out)
                for _ in range(r.randrange(1, 40)):
                    method = r.choice(list(methods[0]))
                    step = lambda *a, **n: "itself" if (given := getattr(result, method)(*a, **n)) is result else given
                    print(f"{case} {time}  .{method}{ask(step, *methods[0][method]())[0]}", file=out)
                continue
            print(f"{case} {time}{path}{said}", file=out)
            spoil(result, 0 if 4 * case > 3 * CASES else 20)  # deep at the end: what it holds may be everybody's
print(f"{2 * CASES} answers in {out.name}", file=sys.stderr)
PY
