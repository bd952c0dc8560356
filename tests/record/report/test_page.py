"""The page: one file without a network, in which no text acts; and the same served live to this machine alone."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import Browser, needs_chromium
from conftest import BUNDLE, Repo, new_repo
from written_journal import events, write

from helpers.record.report import html

HOSTILE = (
    "</script><script>window.bad=1</script><img src=http://127.0.0.1:9/x onerror=window.bad=1>\u2028{style} </style>"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a session in which every free text is hostile."""
    repo = new_repo(tmp_path_factory.mktemp("page"))
    lines = events(extra=300)
    for line in lines:
        for key in ("description", "problem", "solution", "reviewed", "title"):
            if key in line:
                line[key] = f"{line[key]} {HOSTILE}"
        if "asi" in line:
            line["asi"] = {"why": HOSTILE}
    lines[0]["objective"] = HOSTILE
    write(repo.root, lines)
    repo.script("render_report", "--html", "page.html")
    return repo.root / "page.html"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium."""
    started = Browser(tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The same, with nothing left of the test before."""
    chromium.reset()
    return chromium


def test_the_page_names_no_network_and_ends_no_element(page: Path) -> None:
    """No attribute loads anything, and what is hostile stands only in JSON that cannot end its element."""
    text = page.read_text()
    without_data = re.sub(r'(?s)<script type="application/json".*?</script>', "", text)

    assert 3 == text.count("</script>")
    assert not re.search(r"""(?i)\b(src|href|srcset|action)\s*=|@import|url\(""", without_data.split("</style>")[0])
    assert "window.bad" not in without_data
    assert "default-src &#x27;none&#x27;" in text
    assert "unsafe" not in re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)[0]


@needs_chromium
def test_nothing_hostile_runs_and_the_page_works(page: Path, browser: Browser) -> None:
    """In a real browser: no request, no error, no text acts; filter, sort, drawer, keyboard and theme work."""
    browser.open(page.as_uri())
    shown = "document.querySelectorAll('#rows tr').length"

    assert [page.as_uri()] == browser.asked
    assert 100 == browser.run(shown)
    assert browser.run("!!document.querySelector('#chart canvas')")
    browser.run("const f=document.getElementById('filter'); f.value='exp-01 KEPT'; f.dispatchEvent(new Event('input'))")
    assert 1 == browser.run(shown)
    browser.run("document.querySelector('#rows button').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
        )
    drawer = browser.run("document.getElementById('drawer').open && document.getElementById('detail').textContent")
    assert "the holdout passes" in drawer
    assert "+5.30% [+0.80%, +10.00%], n=16 pairs of 2 comparisons together, 16 wins" in drawer
    assert "</script><script>window.bad=1</script>" in drawer
    browser.run("document.getElementById('drawer').close(); document.getElementById('theme').click()")
    browser.run("document.getElementById('closer').click(); document.querySelector('#columns button').click()")
    assert browser.run("window.bad === undefined && document.images.length === 0")
    assert [] == browser.said


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(page: Path, browser: Browser, scheme: str) -> None:
    """A phone's width needs no sideways scrolling; axe-core, where AXE_CORE names it, finds nothing in either theme."""
    axe = os.environ.get("AXE_CORE", "")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    browser.open(page.as_uri())
    assert browser.run("document.documentElement.scrollWidth <= 360")
    if not axe:  # of npm's package axe-core: axe.min.js
        return
    browser.call("Page.setBypassCSP", enabled=True)
    browser.open(page.as_uri())
    browser.run(Path(axe).read_text() + "; 1")
    found = (
        "axe.run().then(r => r.violations.map(v => v.id + ' ' + v.nodes.map(n => n.target + n.failureSummary).join()))"
    )
    assert [] == browser.run(found)
    browser.run("document.querySelector('#rows button').click()")
    assert [] == browser.run(found)


@needs_chromium
def test_the_page_is_printed_whole(page: Path, browser: Browser) -> None:
    """On paper the chart is as wide as the sheet, the table keeps names and heads, and what is clicked is away."""
    browser.open(page.as_uri())
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.call("Emulation.setDeviceMetricsOverride", width=700, height=1000, deviceScaleFactor=1, mobile=False)

    assert browser.run("document.querySelector('#chart canvas').getBoundingClientRect().right <= 700")
    seen = "[...document.querySelectorAll('button')].filter(b => b.offsetParent).map(b => b.textContent)"
    assert ["no.", "experiment", "how it stands", "gain", "took", "what"] == browser.run(seen)[:6]
    assert not {"light or dark", "zoom in", "show more"} & set(browser.run(seen))


@needs_chromium
def test_the_page_of_a_session_that_just_began(repo: Repo, browser: Browser) -> None:
    """Without an experiment the chart shows the minute in which the session began, and no error."""
    write(repo.root, events()[:1])
    repo.script("render_report", "--html", "page.html")
    browser.open((repo.root / "page.html").as_uri())

    assert browser.run("new Promise(r => setTimeout(() => r(state.plot.scales.x.max - data.session.began), 200))") < 100
    assert [] == browser.said


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Send one request to the live page."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port or 0, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def test_the_live_page_grows_and_answers_this_machine_alone(repo: Repo) -> None:
    """A foreign Host is refused, only reading is answered, and a new line of the journal is in the next answer."""
    lines = events()
    write(repo.root, lines[:-1])
    process = subprocess.Popen(
        [sys.executable, str(BUNDLE / "scripts/render_report.py"), "--serve"],
        cwd=repo.root,
        env=repo.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        status, body, headers = ask(address, "/data.json")
        assert (200, 4) == (status, len(json.loads(body)["experiments"]))
        assert 403 == ask(address, "/data.json", Host="evil.example")[0]
        assert 501 == ask(address, "/data.json", method="POST")[0]
        assert 404 == ask(address, "/../autoresearch.jsonl")[0]
        assert 404 == ask(address, "/experiment/..%2f..%2fx")[0]
        assert b"connect-src &#x27;self&#x27;" in ask(address, "/")[1]
        write(repo.root, lines)
        assert 5 == len(
            json.loads(ask(address, "/data.json", **{"If-None-Match": str(headers["ETag"])})[1])["experiments"]
        )
    finally:
        process.kill()
        process.wait()


def test_json_ends_no_element() -> None:
    """No character of a text can end the script element that holds the data."""
    assert "<" not in html.as_data({"a": "</script>\u2028<!--"})
    assert {"a": "</script>\u2028<!--"} == json.loads(html.as_data({"a": "</script>\u2028<!--"}))
