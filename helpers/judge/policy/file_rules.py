"""Which files an experiment may not touch, whatever it writes there: (rule, pattern, level, reason).

Patterns are of the form of fnmatch on the whole path, or on the name alone where they hold no slash.
"""

from __future__ import annotations

from typing import Literal

Level = Literal["refuse", "review"]
Rule = tuple[str, str, Level, str]

_BUILD = "a build or configuration file decides how the program is built, not what it does"
_CI = "continuous integration decides what is checked"
_TEST = "tests and benchmarks are evaluators: they stay as they are"
_SHADOW = "this name would stand in for a program, module or start-up file that the benchmark relies on"
_DEPENDENCY = "another dependency is not an improvement of this source"


def _rules(rule: str, level: Level, reason: str, patterns: str) -> list[Rule]:
    return [(rule, pattern, level, reason) for pattern in patterns.split()]


RULES: list[Rule] = [
    *_rules(
        "build-file",
        "refuse",
        _BUILD,
        """
        Makefile makefile GNUmakefile Makefile.* *.mk *.mak CMakeLists.txt *.cmake CMakePresets.json
        CMakeUserPresets.json meson.build meson_options.txt meson.options configure configure.ac configure.in
        *.am *.m4 config.h.in autogen.sh bootstrap.sh SConstruct SConscript wscript Jamfile BUILD BUILD.bazel
        WORKSPACE* *.bazelrc .bazelrc *.bzl build.zig build.zig.zon build.rs .cargo/* */.cargo/* rust-toolchain*
        go.work setup.py setup.cfg *.gyp *.gypi *.gradle *.gradle.kts gradle.properties pom.xml build.sbt
        *.csproj *.vcxproj Directory.Build.* webpack.config.* rollup.config.* vite.config.* esbuild.config.*
        tsconfig*.json babel.config.* .babelrc* *.pro *.ninja *.spec compile_flags.txt conanfile* vcpkg.json
        xmake.lua premake*.lua Justfile justfile Taskfile.y*ml CFLAGS *.ld *.lds Dockerfile* *.dockerfile
        docker-compose* compose.y*ml flake.nix *.nix Vagrantfile CPPFLAGS LDFLAGS *.pc *.pc.in CMakeCache.txt
        *.props *.targets global.json gradlew mvnw .mvn/* gradle/* .jvmopts .sbtopts Package.swift Rakefile
        extconf.rb dune dune-project mix.exs rebar.config jest.config.* vitest.config.* .swcrc* deno.json*
        bunfig.toml .pnpmfile.cjs php.ini .user.ini
    """,
    ),
    *_rules(
        "build-file",
        "review",
        _BUILD,
        """
        Cargo.toml go.mod pyproject.toml package.json *.cabal
    """,
    ),
    *_rules(
        "dependency",
        "refuse",
        _DEPENDENCY,
        """
        requirements*.txt Pipfile* poetry.lock uv.lock Cargo.lock go.sum package-lock.json yarn.lock
        pnpm-lock.yaml Gemfile* composer.* environment.y*ml constraints*.txt .gitmodules node_modules/*
        */node_modules/* Manifest.toml bun.lock* deno.lock *.opam .lfsconfig nuget.config
    """,
    ),
    *_rules(
        "ci",
        "refuse",
        _CI,
        """
        .github/* .gitlab-ci.yml Jenkinsfile .circleci/* .travis.yml azure-pipelines* .ci/*
    """,
    ),
    *_rules(
        "tests",
        "refuse",
        _TEST,
        """
        tests/* test/* */tests/* */test/* spec/* t/* */testdata/* testdata/* test_*.py *_test.py *_test.go *.test.*
        *.spec.js *.spec.ts *.spec.*s *.spec.*x *_spec.rb *Test.java *Tests.java *Test.kt *Tests.cs __tests__/*
        */__tests__/* __snapshots__/* */__snapshots__/* __mocks__/* */__mocks__/* *.snap *.t fixtures/* */fixtures/*
        */tests.rs tests.py */tests.py testutil* test_util* test_helper* *_test.cc *_test.cpp bench/* benches/*
        benchmark/* benchmarks/* */bench/* */benches/* */benchmark/* */benchmarks/* *_bench_test.go
        bench.* benchmark.* bench_*.* benchmark_*.* *_bench.*
    """,
    ),
    *_rules(
        "shadow",
        "refuse",
        _SHADOW,
        """
        sitecustomize.py usercustomize.py conftest.py pytest.ini tox.ini .coveragerc *.pth .bashrc .bash_profile
        .profile .zshrc .env .envrc .inputrc ld.so.preload .gdbinit .npmrc .perlrc .Rprofile .irbrc
        .gitattributes .skyignore .dockerignore bash sh dash env python python3 awk sed grep time date timeout
        cmp diff sort mktemp make cc gcc clang node perl ruby java taskset sha256sum hyperfine perf bc seq
        .python-version .tool-versions .nvmrc mise.toml .yarnrc* .mocharc* .pdbrc .lldbinit .ghci .mise.toml
        pyvenv.cfg Test/* */Test/*.pm List/Util.pm */List/Util.pm Time/HiRes.pm */Time/HiRes.pm strict.pm warnings.pm
        Carp.pm minitest/* */minitest/* test/unit* rspec/* */rspec/* benchmark.rb json.rb set.rb minitest.rb rspec.rb
        digest.rb timeout.rb
    """,
    ),
    *_rules(
        "shadow",
        "review",
        "it decides which files belong to the experiment",
        """
        .gitignore
    """,
    ),
    *_rules(
        "binary",
        "refuse",
        "a prebuilt object is not source",
        """
        *.o *.a *.so *.so.* *.dylib *.dll *.pyc *.pyd *.whl *.jar *.class *.exe
    """,
    ),
]
