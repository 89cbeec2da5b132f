"""The report ``html`` in a browser: it shows, filters, keeps to the keyboard and the phone, and runs nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from chromium import Chromium, chromium
from project_tree import TIMED, patternlint, write_tree

pytestmark = pytest.mark.browser

SHOWCASE = Path(__file__).parent.parent / "fixtures" / "showcase"
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("report") / "report.html"
    patternlint("--no-cache", "--output-format", "html", "--output-file", str(page), ".", cwd=SHOWCASE)
    return page


@pytest.fixture
def page(browser: Chromium, showcase: Path) -> Chromium:
    browser.resize(1300, 900)
    browser.prefer("light")
    browser.open(showcase)
    return browser


SHOWN = "Array.from(document.querySelectorAll('article')).filter(a => a.checkVisibility()).map(a => a.dataset.rule)"


def test_everything_is_in_the_page_and_nothing_is_fetched(page: Chromium, showcase: Path) -> None:
    assert page.run("document.title") == "patternlint: showcase"
    assert len(page.run(SHOWN)) == page.run("document.querySelectorAll('article').length") >= 6
    requests = [event["request"]["url"] for event in page.messages("Network.requestWillBeSent")]
    assert requests == [showcase.as_uri()]
    assert page.messages("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled") == []


def test_style_and_script_take_effect_under_the_policy(page: Chromium) -> None:
    assert page.run("getComputedStyle(document.querySelector('.tiles')).display") == "grid"
    assert page.run("!document.getElementById('filter').hidden")
    page.run("document.body.setAttribute('style', 'display: none')")
    assert page.run("getComputedStyle(document.body).display") == "block"
    refused = "try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>') } catch (error) { error.name }"
    assert page.run(refused) == "TypeError"


def choose(page: Chromium, name: str, value: str) -> None:
    page.run(
        f"(s => {{ s.value = {value!r}; for (const kind of ['input', 'change']) "
        f"s.dispatchEvent(new Event(kind, {{bubbles: true}})); }})(document.querySelector('[name={name}]'))"
    )


def status(page: Chromium) -> str:
    text: str = page.run("document.querySelector('[role=status]').textContent")
    return text


def test_the_filter(page: Chromium) -> None:
    total = len(page.run(SHOWN))
    assert status(page) == f"{total} of {total} shown"
    choose(page, "rule", "PAT901")
    assert page.run(SHOWN) == ["PAT901"] * 2
    assert status(page) == f"2 of {total} shown"
    assert page.run("Array.from(document.querySelectorAll('h2')).filter(h => h.checkVisibility()).length") == 1
    page.run("document.querySelector('[name=text]').focus()")
    page.type("json CALL")
    assert status(page) == f"1 of {total} shown"
    page.run("document.querySelector('[type=reset]').click()")
    page.run("new Promise(resolve => setTimeout(resolve))")
    assert status(page) == f"{total} of {total} shown"


def test_findings_are_grouped_by_pattern_or_by_package(page: Chromium) -> None:
    headings = "Array.from(document.querySelectorAll('#findings h2')).map(h => h.textContent)"
    before = page.run(headings)
    assert "Imports 2" in before
    total = len(page.run(SHOWN))
    choose(page, "group", "package")
    assert page.run(headings) == [f"shop {total}"]
    assert len(page.run(SHOWN)) == total
    choose(page, "group", "pattern")
    assert page.run(headings) == before
    page.run("document.querySelector('a[data-package]').click()")
    assert page.run("document.querySelector('[name=package]').value") == "shop"


def test_a_finding_can_be_linked_to(page: Chromium, showcase: Path) -> None:
    identity = page.run("document.querySelector('article').id")
    page.run("document.querySelector('[data-open=\"\"]').click()")
    assert page.run("document.querySelectorAll('article details[open]').length") == 0
    page.open(showcase, f"#{identity}")
    assert page.run(f"document.querySelector('#{identity} details').open")


def test_the_diff_stands_side_by_side_and_on_a_phone_one_below_the_other(page: Chromium) -> None:
    boxes = (
        "Array.from(document.querySelector('.sides').querySelectorAll('.side'))"
        ".map(s => s.getBoundingClientRect()).map(b => [b.left, b.top, b.width])"
    )
    (left, top, width), (other_left, other_top, _) = page.run(boxes)
    assert other_top == top
    assert other_left >= left + width
    rows = "Array.from(document.querySelectorAll('.sides')).every(s => new Set(Array.from(s.querySelectorAll('pre'))"
    assert page.run(rows + ".map(p => p.children.length)).size === 1)")
    page.resize(360, 740, phone=True)
    (left, top, _), (other_left, other_top, _) = page.run(boxes)
    assert other_left == left
    assert other_top > top


@pytest.mark.parametrize("width", [320, 360, 768, 1300])
def test_the_page_never_scrolls_sideways(page: Chromium, width: int) -> None:
    page.resize(width, 740, phone=width < 500)
    assert page.run("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(page: Chromium) -> None:
    focused = (
        "(e => [e.tagName, e.innerText.trim(), getComputedStyle(e).outlineStyle, e.className,"
        " e.getAttribute('name') || ''])(document.activeElement)"
    )
    page.press("Tab")
    assert page.run(focused)[1] == "Skip to the findings"
    assert page.run("document.activeElement.getBoundingClientRect().left") >= 0
    seen = []
    for _ in range(200):
        page.press("Tab")
        tag, text, outline, kind, name = page.run(focused)
        if tag == "BODY":
            break
        assert outline == "solid", (tag, text)
        seen.append((tag, name or kind or text))
    names = [name for _, name in seen]
    controls = ["text", "pattern", "rule", "package", "confidence", "repair", "group", "Open all", "Close all", "Clear"]
    start = names.index("text")
    assert names[start : start + len(controls)] == controls
    assert sum(tag == "SUMMARY" for tag, _ in seen) == page.run("document.querySelectorAll('summary').length")
    assert sum(tag == "PRE" for tag, _ in seen) == page.run(
        "Array.from(document.querySelectorAll('pre')).filter(p => p.checkVisibility()).length"
    )


def test_a_finding_opens_and_closes_by_keyboard(page: Chromium) -> None:
    page.run("document.querySelector('article summary').focus()")
    is_open = "document.querySelector('article details').open"
    assert page.run(is_open)
    page.press("Enter")
    assert not page.run(is_open)
    page.press(" ")
    assert page.run(is_open)


# of every element with text of its own: how far that stands out from what is behind it (WCAG 2.2, 1.4.3)
CONTRAST = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = Array.from(element.childNodes).some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility() || ["SCRIPT", "OPTION"].includes(element.tagName)) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return Array.from(faint);
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page: Chromium, scheme: str) -> None:
    page.prefer(scheme)
    red, *_ = page.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red > 200) == (scheme == "light")
    assert page.run(CONTRAST) == []


def test_names_for_those_who_do_not_see(page: Chromium) -> None:
    unnamed = (
        "Array.from(document.querySelectorAll('input, select, pre, [role=group], svg, button, table'))"
        ".filter(e => !(e.labels?.length || e.ariaLabel || e.ariaHidden || e.textContent.trim())).length"
    )
    assert page.run(unnamed) == 0
    assert page.run("document.documentElement.lang") == "en"
    levels = page.run("Array.from(document.querySelectorAll('h1,h2,h3,h4')).map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_of_a_hostile_tree_runs(browser: Chromium, tmp_path: Path) -> None:
    code = TIMED.replace("    def wrapper", f"    # {SCRIPT}</pre></details></article>\n    def wrapper")
    name = SCRIPT.replace("/", "\\")
    folder = write_tree(tmp_path / "<b>x", {"patternlint.toml": "", f"{name}/{name}.py": code, "a.py": f"{SCRIPT}\n"})
    report = tmp_path / "report.html"
    patternlint("--no-cache", "--output-format", "html", "-o", str(report), ".", f"{name}.py", cwd=folder)
    browser.open(report)
    assert browser.run("document.title") == "patternlint: <b>x"
    assert browser.run("document.querySelectorAll('script').length") == 1
    assert browser.run("document.querySelectorAll('img, b').length") == 0
    assert browser.run("document.querySelectorAll('main article').length") == 2
    assert SCRIPT in browser.run("document.querySelector('pre').textContent")
    assert browser.messages("Log.entryAdded", "Runtime.exceptionThrown") == []


def test_without_javascript_everything_is_there(browser: Chromium, showcase: Path) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.resize(1300, 900)
        browser.open(showcase)
        assert len(browser.run(SHOWN)) >= 6
        assert not browser.run("document.getElementById('filter').checkVisibility()")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)


def test_an_empty_report(browser: Chromium, tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "a.py": "x = 1\n"})
    report = tmp_path / "report.html"
    assert patternlint("--output-format", "html", "-o", str(report), cwd=tmp_path).returncode == 0
    browser.open(report)
    assert "Nothing was found." in browser.run("document.body.innerText")
    assert browser.messages("Log.entryAdded", "Runtime.exceptionThrown") == []


def test_a_report_of_a_thousand_findings_filters_at_once(browser: Chromium, tmp_path: Path) -> None:
    files = {f"p{i % 30}/m{i}.py": TIMED.replace("timed", f"timed{i}") for i in range(1000)}
    write_tree(tmp_path, {"patternlint.toml": "", **files})
    report = tmp_path / "report.html"
    patternlint("--select", "PAT501", "--output-format", "html", "-o", str(report), cwd=tmp_path)
    browser.open(report)
    assert browser.run("document.querySelectorAll('article details[open]').length") == 0
    choose(browser, "package", "p7")
    assert status(browser) == "34 of 1000 shown"
