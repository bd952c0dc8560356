"""How many tests ran is read from each runner's own summary, and fewer than before is said in words."""

from __future__ import annotations

import pytest

from helpers.run.jobs.tests_run import Tests, read_tests

LOGS = [
    ("== 3 passed, 1 skipped, 2 deselected in 0.10s ==", (3, 1, 2)),
    ("no tests ran in 0.01s", (0, 0, 0)),
    ("Ran 5 tests in 0.001s\n\nOK (skipped=2)", (3, 2, 0)),
    ("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out\n" * 2, (10, 0, 6)),
    ("Tests:       1 skipped, 3 passed, 4 total", (3, 1, 0)),
    ("      \x1b[2mTests \x1b[22m \x1b[32m3 passed\x1b[39m | 1 skipped (4)", (3, 1, 0)),
    ("TAP version 13\nok 1 - x\n# pass 1\n# fail 0\n# skipped 2\n# todo 0", (1, 2, 0)),
    ("  3 passing (10ms)\n  1 pending", (3, 1, 0)),
    ("--- PASS: TestA (0.00s)\n--- SKIP: TestB (0.00s)\nok  \texample.com/x\t0.01s", (1, 1, 0)),
    ("ok  \texample.com/x\t0.01s", (1, 0, 0)),
    ("ok  \texample.com/x\t0.01s [no tests to run]", (0, 0, 0)),
    ("Ran 0 tests in 0.000s\n\nNO TESTS RAN", (0, 0, 0)),
    ("t/a.t .. skipped: no net\nt/b.t .. ok\nFiles=2, Tests=3, 0 wallclock secs", (3, 1, 0)),
    ("No tests were found!!!", (0, 0, 0)),
    ("no corpus: skipping the comparison\nall is well", (None, 1, 0)),
    ("all is well\n3 files compared", (None, 0, 0)),
    ("ok 1 - a\nok 2 # skip no net\nnot ok 3", (2, 1, 0, 1)),
    ("ok 1\nAll tests successful.\nFiles=1, Tests=20,  0 wallclock secs", (20, 0, 0)),
    ("?   \texample.com/x\t[no test files]", (0, 0, 0)),
    ("No test files found, exiting with code 0", (0, 0, 0)),
    ("     Summary [   0.005s] 5 tests run: 5 passed, 2 skipped", (5, 2, 0)),  # nextest
    ("[  PASSED  ] 3 tests.\n[  SKIPPED ] 1 test, listed below:", (3, 1, 0)),
    ("Ok:                 5\nFail:               0\nSkipped:            2", (5, 2, 0)),  # meson
    ("# TOTAL: 5\n# PASS:  3\n# SKIP:  2\n# FAIL:  0", (3, 2, 0)),  # automake
    ("test cases: 4 | 3 passed | 1 skipped\nassertions: 12 | 12 passed", (3, 1, 0)),  # Catch2
    ("5 examples, 0 failures, 2 pending", (3, 2, 0)),
    ("5 runs, 5 assertions, 0 failures, 0 errors, 2 skips", (3, 2, 0)),
    ("Tests: 5, Assertions: 5, Skipped: 2.", (3, 2, 0)),  # PHPUnit
    ("Tests run: 5, Failures: 0, Errors: 0, Skipped: 2", (3, 2, 0)),
    ("Passed!  - Failed:     0, Passed:     3, Skipped:     2, Total:     5", (3, 2, 0)),
    ("ok | 3 passed | 0 failed | 2 ignored (5ms)", (3, 2, 0)),
    ("Executed 5 tests, with 2 tests skipped and 0 failures", (3, 2, 0)),
    ("All 5 tests passed.", (5, 0, 0)),
    ("[ FAIL 0 | WARN 0 | SKIP 2 | PASS 5 ]", (5, 2, 0)),
    ("Ran 3 of 5 Specs in 0.001 seconds\n3 Passed | 0 Failed | 1 Pending | 1 Skipped", (3, 2, 0)),
    ("Cases: 3  Tried: 3  Errors: 0  Failures: 0", (3, 0, 0)),  # HUnit
    ("Tests: succeeded 3, failed 0, canceled 1, ignored 1, pending 1", (3, 1, 2)),  # ScalaTest
    ("00:00 +1: a\n00:01 +3 ~2: All tests passed!", (3, 2, 0)),  # Dart
    ("Test Summary: | Pass  Broken  Total  Time\nfoo           |    3       2      5  0.1s", (3, 2, 0)),  # Julia
    ("Test Summary: | Pass  Total   Time\nfoo           |    3      3  1m02.5s", (3, 0, 0)),
    ("parse | 12 words x 100 2.3s", (None, 0, 0)),
    ("  py311: OK (2.80=setup[2.71]+cmd[0.10] seconds)\n  py39: SKIP (1.59 seconds)", (1, 1, 0)),  # tox
    ("4 passed in 0.1s\n  py311: OK (2.80 seconds)\n  py39: SKIP (1.59 seconds)", (5, 1, 0)),
    ("pass 2 over the file\n7 passes in all", (None, 0, 0)),
    ("2/2 Test #2: b ....***Skipped 0.0 sec\n100% tests passed, 0 tests failed out of 2", (1, 1, 0)),
]


FAILING = [
    ("1 failed, 4 passed in 2.02s", 1),
    ("!!! Interrupted: 1 error during collection !!!\n1 error in 0.10s", 1),
    ("Ran 5 tests in 0.001s\n\nFAILED (failures=1, errors=2, skipped=1)", 3),
    ("test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 1),
    ("Tests:       1 failed, 4 passed, 5 total", 1),
    ("  4 passing (10ms)\n  1 failing", 1),
    ("# pass 4\n# fail 1", 1),
    ("--- FAIL: TestA (0.00s)\n--- PASS: TestB (0.00s)\nFAIL", 1),
    ("ok 1 - a\nnot ok 2 - b\nnot ok 3 - c # TODO later", 1),
    ("t/a.t .. Failed 1/2 subtests\nFiles=1, Tests=2,  0 wallclock secs\nResult: FAIL", 1),
    ("50% tests passed, 1 tests failed out of 2", 1),
    ("50%: Checks: 2, Failures: 1, Errors: 0", 1),
    ("[error] Failed: Total 3, Failed 1, Errors 0, Passed 2", 1),
    ("[ FAIL 1 | WARN 0 | SKIP 0 | PASS 4 ]", 1),
    ("Tests run: 5, Failures: 1, Errors: 1, Skipped: 0", 2),  # Maven
    ("5 examples, 1 failure", 1),
    ("Ok:                 4\nFail:               1", 1),  # meson
    ("[  PASSED  ] 3 tests.\n[  FAILED  ] 1 test, listed below:", 1),
    ("Cases: 3  Tried: 3  Errors: 1  Failures: 1", 2),
    ("Tests: succeeded 3, failed 1, canceled 0, ignored 0, pending 0", 1),
    ("00:01 +3 -1: Some tests failed.", 1),
    ("[  SKIPPED ] 1 test.\nall is well", 0),
    ("OK (skipped=1, expected failures=1)", 0),
    ("python3 t.py\nmake: [Makefile:4: test] Error 1 (ignored)", 1),
    ("gmake[2]: [test] Segmentation fault (ignored)\n4 passed in 2.02s", 1),
]


@pytest.mark.parametrize(("log", "failed"), FAILING)
def test_what_failed_is_counted_whatever_the_exit_code_says(log: str, failed: int) -> None:
    """Checks may forgive a failure (`|| true`, a pipe, `make -k`); their runner's summary does not."""
    assert failed == read_tests(log.split("\n")).failed


@pytest.mark.parametrize(
    "log",
    [
        "1..0",
        "1..0 # SKIP no tests",
        "0 successes / 0 failures / 0 errors / 0 pending : 0.0 seconds",
        "No tests executed!",
        "No test is available in /x/bin/a.dll. Make sure that test discoverer",
        "0%: Checks: 0, Failures: 0, Errors: 0",
        "# tests 0\n# pass  0\n\n# ok",
        "[info] Passed: Total 0, Failed 0, Errors 0, Passed 0",
        "> Task :test NO-SOURCE\nBUILD SUCCESSFUL",
        "0 scenarios\n0 steps",
        "0 features passed, 0 failed\n0 scenarios passed, 0 failed, 0 skipped",
    ],
)
def test_none_is_doubtful_in_any_words(log: str) -> None:
    """Whatever the runner calls its tests."""
    assert read_tests(log.split("\n")).doubtful


@pytest.mark.parametrize(("log", "counts"), LOGS)
def test_each_runner_is_read(log: str, counts: tuple[int | None, int, int, int]) -> None:
    """Ran, skipped, ignored; unknown is not 0."""
    assert Tests(*counts) == read_tests(log.split("\n"))


def test_fewer_and_skipped_tests_are_lost() -> None:
    """More tests lose nothing; fewer, or more skipped, are named with what the baseline ran."""
    before = Tests(5, 1, 0)

    assert "" == Tests(6, 1, 0).lost(before)
    assert "4 tests ran, 1 skipped; on the baseline 5 tests ran, 1 skipped" == Tests(4, 1, 0).lost(before)
    assert Tests(5, 2, 0).lost(before)
    assert "no number of tests is said; on the baseline 5 tests ran, 1 skipped" == Tests(None).lost(before)
    assert "1 skipped; on the baseline no number of tests is said" == Tests(None, 1).lost(Tests(None))
    assert "" == Tests(3).lost(Tests(None))
    assert "5 tests ran, 1 failed; on the baseline 5 tests ran" == Tests(5, failed=1).lost(Tests(5))
