"""What added lines may not do, whatever file they stand in: (rule, pattern, level, reason)."""

from __future__ import annotations

import re

from helpers.judge.policy.file_rules import Level

_FLAGS = "build flags in the source: the compiler is asked for more, the program does no less work"
_ALLOCATOR = "another allocator or its tuning is configuration, not source"
_SCHEDULING = "affinity, priority and limits are settings of the operating system"
_DETECTS = "code that looks for the benchmark can behave differently under it"
_KEEPS = "a result kept outside of the call may be found by the next one"

_TABLE: list[tuple[str, str, Level, str]] = [
    (
        "flags",
        r"#\s*pragma\s+(GCC|clang)\s+(optimize|target)|_Pragma\s*\(\s*\"(GCC|clang)\s+(optimize|target)",
        "refuse",
        _FLAGS,
    ),
    (
        "flags",
        r"#\s*pragma\s+(clang\s+(loop|attribute|fp)|GCC\s+(ivdep|unroll)|STDC\s+FP_CONTRACT|float_control|optimize)",
        "review",
        _FLAGS,
    ),
    ("flags", r"\b(__)?optimize(__)?\s*\(\s*\"?\s*(O|-O|[0-3]\b|\"|unroll|fast|tree)", "refuse", _FLAGS),
    (
        "flags",
        r"\b(__)?target_clones(__)?\b|\[\[\s*gnu::(optimize|target|target_clones)|__attribute__\s*\(\(.*\b(__)?target(__)?\s*\(",
        "refuse",
        _FLAGS,
    ),
    ("flags", r"#\[\s*(cfg_attr\(.*)?target_feature|#!\[feature", "review", _FLAGS),
    (
        "flags",
        r"#cgo\b.*FLAGS|//\s*\+build|cython:\s*(boundscheck|.*directive)|extra_(compile|link)_args|distutils:",
        "refuse",
        _FLAGS,
    ),
    (
        "flags",
        r"(^|[\s\"'=,(])-(Ofast|O[0-9sgz]\b|march=|mtune=|mcpu=|mavx|msse|ffast-math|funroll|flto|fprofile|fwhole-program|Ctarget-cpu)",
        "refuse",
        _FLAGS,
    ),
    (
        "flags",
        r"\b(C|CXX|CPP|LD|RUST|F)FLAGS\b|\bRUSTC_WRAPPER\b|\bGOFLAGS\b|\bGOGC\b|\bGOMEMLIMIT\b|\bJAVA_TOOL_OPTIONS\b|\bNODE_OPTIONS\b",
        "refuse",
        _FLAGS,
    ),
    (
        "allocator",
        r"jemalloc|mimalloc|tcmalloc|snmalloc|rpmalloc|hoard\.h|\bmallopt\b|MALLOC_\w+|GLIBC_TUNABLES|global_allocator|PYTHONMALLOC",
        "refuse",
        _ALLOCATOR,
    ),
    (
        "allocator",
        r"\b(malloc|free|calloc|realloc)\s*\([^;]*\)\s*\{|__(malloc|free|realloc)_hook|operator\s+(new|delete)\s*(\[\])?\s*\(",
        "review",
        _ALLOCATOR,
    ),
    (
        "allocator",
        r"LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|DYLD_INSERT|ld\.so\.preload|BASH_ENV|PYTHONSTARTUP|PYTHONPATH\s*=",
        "refuse",
        "another library or start-up file is brought in through the environment",
    ),
    (
        "scheduling",
        r"set_?affinity|\btaskset\b|CPU_SET\b|\bset_?priority\b|\b(os\.)?nice\s*\(|sched_set|set_?rlimit|\bmlock(all)?\b|\bionice\b|\bcpuset\b|MCL_CURRENT|cpufreq|scaling_governor",
        "refuse",
        _SCHEDULING,
    ),
    (
        "scheduling",
        r"\bmadvise\b|MAP_HUGETLB|MADV_|hugepage|\bprctl\s*\(|gc\.(disable|freeze|set_threshold)|setswitchinterval|GOMAXPROCS|setrecursionlimit",
        "review",
        _SCHEDULING,
    ),
    (
        "detects-benchmark",
        r"AUTORESEARCH|autoresearch\.(sh|checks|holdout|jsonl)|EXPERIMENT_ID|EXPERIMENT_DESC|BENCH_TIMEOUT|CHECK_TIMEOUT|\bMETRIC\b\s+\w+=",
        "refuse",
        _DETECTS,
    ),
    (
        "detects-benchmark",
        r"/proc/|\bgetppid\b|getParentProcess|\bcmdline\b|/sys/(devices|fs)|\bperf_event_open\b|\bptrace\b|TracerPid",
        "refuse",
        _DETECTS,
    ),
    (
        "detects-benchmark",
        r"\bgetenv\b|os\.environ|process\.env|std::env::var|os\.Getenv|\bENV\[|System\.getenv|environ\b",
        "review",
        _DETECTS,
    ),
    (
        "detects-benchmark",
        r"\bgettimeofday\b|\blocaltime\b|datetime\.now|\btime\(\s*(NULL|nullptr|0)?\s*\)|Date\.now|SystemTime::now|time\.Now\(\)|\bclock\(\)",
        "review",
        _DETECTS,
    ),
    (
        "keeps-state",
        r"[\"'](/tmp|/var/tmp|/dev/shm|~/|/home|/root)|\bgettempdir\b|\bmkstemp\b|\btmpfile\b|XDG_CACHE|expanduser|\.cache\b|shm_open|shelve\.|\bsqlite3\b",
        "review",
        _KEEPS,
    ),
    (
        "keeps-state",
        r"\b(lru_cache|functools\.cache|@cache|memoiz)",
        "review",
        "a cache that outlives the call: is the benchmark's repetition what it speeds up?",
    ),
    (
        "background",
        r"(?<![.\w:])clone3?\s*\(\s*[\w&]+\s*,|\bsyscall\s*\(|\bmkfifo\b|F_SETLEASE|SIGSTOP|\bkillpg?\s*\(|\batexit\.register",
        "review",
        "processes, signals and system calls by number: who is meant, and when?",
    ),
    (
        "detects-benchmark",
        r"setattr\s*\(\s*(time|builtins|statistics|sys|os)\b|\b(time|builtins|statistics)\.\w+\s*=[^=]|perf_counter\w*\s*=[^=]|sys\.modules\[",
        "review",
        "a clock or module of the benchmark's own process is replaced",
    ),
    ("flags", r"\b(opt-level|codegen-units)\s*=|^\s*lto\s*=|^\s*\[profile\.", "refuse", _FLAGS),
    (
        "hidden-code",
        r"^[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8|ascii|latin|iso-8859|us-ascii)[\w.-]+",
        "review",
        "an encoding in which the text reads otherwise than it runs",
    ),
    (
        "background",
        r"\b(fork|vfork|daemon|setsid)\s*\(|\bnohup\b|&\s*disown|\bPopen\b|\bposix_spawn|multiprocessing\.Process|start_new_session",
        "review",
        "a process that outlives the call disturbs the other side",
    ),
    (
        "waits",
        r"\b(u|nano)?sleep\s*\(|time\.sleep|thread::sleep|Thread\.sleep|\bsched_yield\b|setTimeout\(",
        "review",
        "a program that waits on purpose is either a mistake or a trick",
    ),
    (
        "network",
        r"\bsocket\s*\(|https?://(?!\S*(license|spec|doi|arxiv|github\.com))|urlopen|requests\.(get|post)|\bcurl\b|\bwget\b",
        "review",
        "an experiment needs no network",
    ),
    (
        "hidden-code",
        r"\b(eval|exec)\s*\(|compile\s*\(.*exec|base64\.(b64)?decode|\bmarshal\.loads|\bdlopen\s*\(|ctypes\.(CDLL|cdll)|__import__\s*\(|new\s+Function\s*\(|\bsystem\s*\(|\bpopen\s*\(|\basm\b\s*(volatile)?\s*\(",
        "review",
        "code that a reader cannot see in the diff",
    ),
    (
        "hidden-code",
        "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]",
        "refuse",
        "invisible or direction-changing characters: the text reads otherwise than it compiles",
    ),
    (
        "precision",
        r"\bfloat32\b|\bhalf\b|_Float16|\bbfloat16\b|fast_math|fastmath|-ffast|\bf16\b|rsqrt",
        "review",
        "lower precision: do the checks see it?",
    ),
    (
        "seed",
        r"\b(srand|seed|set_seed|manual_seed|default_rng|RandomState)\s*\(",
        "review",
        "another seed is another workload",
    ),
]

RULES = [(rule, re.compile(pattern), level, reason) for rule, pattern, level, reason in _TABLE]
"""Compiled; searched for in every added line, comments included: a pragma may hide in what looks like one."""

_ATTRIBUTE = r"(__)?(optimize|target|target_clones)(__)?"
_SPLIT: list[tuple[str, str, str]] = [
    (
        "flags",
        r"#\s*pragma\s+(GCC|clang)\s+(optimize|target)\b|_Pragma\s*\(\s*L?\"(GCC|clang)\s+(optimize|target)\b",
        _FLAGS,
    ),
    ("flags", r"__attribute(__)?\s*\(\s*\([^;{}]*\b" + _ATTRIBUTE + r"\s*\(\s*[\"\dA-Z]", _FLAGS),
    ("flags", r"\[\[[^\]]*\b(__)?gnu(__)?\s*:[^\]]*\b" + _ATTRIBUTE + r"\s*\(\s*[\"\dA-Z]", _FLAGS),
    (
        "detects-benchmark",
        r"AUTORESEARCH_|\bautoresearch\.(sh|checks|holdout|jsonl)|[\"']/proc/|\bMETRIC\s+\w+=",
        _DETECTS,
    ),
    ("allocator", r"LD_PRELOAD|LD_AUDIT|GLIBC_TUNABLES|ld\.so\.preload", _ALLOCATOR),
]
JOINED = [(rule, re.compile(pattern), reason) for rule, pattern, reason in _SPLIT]
"""Searched for in neighbouring added lines taken together, without what the compiler takes out of them."""


def joined(added: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return every added line with the two after it as the compiler or the shell joins them.

    Comments and line splices go, digraphs become what they mean, string literals that stand side by side one.
    """
    found = []
    for place, (number, _) in enumerate(added):
        near = [text[:1000] for at, text in added[place : place + 3] if at - number < 3]
        text = re.sub(r"/\*.*?\*/", " ", " \n".join(near).replace("\\ \n", " ").replace("%:", "#"))
        text = re.sub(r"(?<=[\w/.\"'])(\"\s*(\+\s*)?\"|'\s*(\+\s*)?'|'\"|\"')(?=[\w/.\"'])", "", text)
        found.append((number, text))
    return found


MAX_NUMBERS = 500
MAX_LINE_LENGTH = 2000
_NUMBER = re.compile(r"\b(?:0[xX][0-9a-fA-F]+|\d+)\b")


def embedded_data(added: list[tuple[int, str]]) -> int | None:
    """Return the line where the added lines begin to hold a table or a blob: an answer may have been computed beforehand."""
    count = 0
    for number, text in added:
        count += len(_NUMBER.findall(text))
        if count > MAX_NUMBERS or len(text) > MAX_LINE_LENGTH:
            return number
    return None
