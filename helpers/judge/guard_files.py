"""Which files an experiment may not touch, whatever it writes there: (rule, pattern, level, reason).

Patterns are of the form of fnmatch on the whole path, or on the name alone where they hold no slash.
"""

from __future__ import annotations

from typing import Literal

Level = Literal["refuse", "review"]
Rule = tuple[str, str, Level, str]

_BUILD = "a build or configuration file decides how the program is built, not what it does"
_CI = "continuous integration decides what is checked"
_TEST = "tests are evaluators: they stay as they are"
_SHADOW = "this name would stand in for a program, module or start-up file that the benchmark relies on"
_DEPENDENCY = "another dependency is not an improvement of this source"

RULES: list[Rule] = [
    *(
        ("build-file", pattern, "refuse", _BUILD)
        for pattern in (
            "Makefile",
            "makefile",
            "GNUmakefile",
            "Makefile.*",
            "*.mk",
            "*.mak",
            "CMakeLists.txt",
            "*.cmake",
            "CMakePresets.json",
            "CMakeUserPresets.json",
            "meson.build",
            "meson_options.txt",
            "meson.options",
            "configure",
            "configure.ac",
            "configure.in",
            "*.am",
            "*.m4",
            "config.h.in",
            "autogen.sh",
            "bootstrap.sh",
            "SConstruct",
            "SConscript",
            "wscript",
            "Jamfile",
            "BUILD",
            "BUILD.bazel",
            "WORKSPACE*",
            "*.bazelrc",
            ".bazelrc",
            "*.bzl",
            "build.zig",
            "build.zig.zon",
            "build.rs",
            ".cargo/*",
            "*/.cargo/*",
            "rust-toolchain*",
            "go.work",
            "setup.py",
            "setup.cfg",
            "*.gyp",
            "*.gypi",
            "*.gradle",
            "*.gradle.kts",
            "gradle.properties",
            "pom.xml",
            "build.sbt",
            "*.csproj",
            "*.vcxproj",
            "Directory.Build.*",
            "webpack.config.*",
            "rollup.config.*",
            "vite.config.*",
            "esbuild.config.*",
            "tsconfig*.json",
            "babel.config.*",
            ".babelrc*",
            "*.pro",
            "*.ninja",
            "*.spec",
            "compile_flags.txt",
            "conanfile*",
            "vcpkg.json",
            "xmake.lua",
            "premake*.lua",
            "Justfile",
            "justfile",
            "Taskfile.y*ml",
            "CFLAGS",
            "*.ld",
            "*.lds",
            "Dockerfile*",
            "*.dockerfile",
            "docker-compose*",
            "compose.y*ml",
            "flake.nix",
            "*.nix",
            "Vagrantfile",
            "CPPFLAGS",
            "LDFLAGS",
            "*.pc",
            "*.pc.in",
        )
    ),
    *(
        ("build-file", pattern, "review", _BUILD)
        for pattern in ("Cargo.toml", "go.mod", "pyproject.toml", "package.json", "*.cabal")
    ),
    *(
        ("dependency", pattern, "refuse", _DEPENDENCY)
        for pattern in (
            "requirements*.txt",
            "Pipfile*",
            "poetry.lock",
            "uv.lock",
            "Cargo.lock",
            "go.sum",
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "Gemfile*",
            "composer.*",
            "environment.y*ml",
            "constraints*.txt",
            ".gitmodules",
        )
    ),
    *(
        ("ci", pattern, "refuse", _CI)
        for pattern in (
            ".github/*",
            ".gitlab-ci.yml",
            "Jenkinsfile",
            ".circleci/*",
            ".travis.yml",
            "azure-pipelines*",
            ".ci/*",
        )
    ),
    *(
        ("tests", pattern, "refuse", _TEST)
        for pattern in (
            "tests/*",
            "test/*",
            "*/tests/*",
            "*/test/*",
            "spec/*",
            "t/*",
            "*/testdata/*",
            "testdata/*",
            "test_*.py",
            "*_test.py",
            "*_test.go",
            "*.test.js",
            "*.test.ts",
            "*.spec.js",
            "*.spec.ts",
            "*_test.cc",
            "*_test.cpp",
        )
    ),
    *(
        ("shadow", pattern, "refuse", _SHADOW)
        for pattern in (
            "sitecustomize.py",
            "usercustomize.py",
            "conftest.py",
            "pytest.ini",
            "tox.ini",
            ".coveragerc",
            "*.pth",
            ".bashrc",
            ".bash_profile",
            ".profile",
            ".zshrc",
            ".env",
            ".envrc",
            ".inputrc",
            "ld.so.preload",
            ".gdbinit",
            ".npmrc",
            ".perlrc",
            ".Rprofile",
            ".irbrc",
            ".gitattributes",
            ".skyignore",
            ".dockerignore",
            "bash",
            "sh",
            "dash",
            "env",
            "python",
            "python3",
            "awk",
            "sed",
            "grep",
            "time",
            "date",
            "timeout",
            "cmp",
            "diff",
            "sort",
            "mktemp",
            "make",
            "cc",
            "gcc",
            "clang",
            "node",
            "perl",
            "ruby",
            "java",
            "taskset",
            "sha256sum",
            "hyperfine",
            "perf",
            "bc",
            "seq",
            ".python-version",
            ".tool-versions",
            ".nvmrc",
            "mise.toml",
        )
    ),
    ("shadow", ".gitignore", "review", "it decides which files belong to the experiment"),
    *(
        ("binary", pattern, "refuse", "a prebuilt object is not source")
        for pattern in (
            "*.o",
            "*.a",
            "*.so",
            "*.so.*",
            "*.dylib",
            "*.dll",
            "*.pyc",
            "*.pyd",
            "*.whl",
            "*.jar",
            "*.class",
            "*.exe",
        )
    ),
]

STANDARD_LIBRARY = (
    "time", "statistics", "subprocess", "json", "os", "sys", "math", "random", "re", "io", "pathlib", "timeit", "resource",
    "hashlib", "csv", "collections", "functools", "itertools", "tempfile", "shutil", "argparse", "datetime", "string",
    "struct", "threading", "socket", "types", "typing", "unittest", "pickle", "copy", "decimal", "fractions", "gc",
)  # fmt: skip
"""Modules that a Python benchmark in the repository's root would import from there instead."""
