"""The pages written by hand say nothing that is not there: links, tests, commands with their options, states."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from fenbu.cli.app import COMMANDS, root
from fenbu.cli.demo.stages import STAGES
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.states import ModuleState
from tools.constraints import ROOT

DOCS = ROOT / "docs"
MODULES = sorted(ROOT.glob("plugins/*/README.md"))
EXAMPLES = sorted(ROOT.glob("examples/*/README.md"))
PAGES = sorted([*DOCS.rglob("*.md"), *MODULES, *EXAMPLES, ROOT / "README.md"])
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?!https?://)(?P<target>[^)\s]+)\)")
COMMAND = re.compile(r"`fenbu (?P<words>[a-z][^`]*)`")
TEST = re.compile(r"^test_\w+$")


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made of them."""
    heads = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.finditer(text(page)):
        path, _hash, anchor = link["target"].partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link[0]}"
        if anchor:
            assert anchor in anchors(target), f"{named(page)}: {link[0]}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    for link in LINK.finditer(text(page)):
        if TEST.match(link["text"]):
            file = (page.parent / link["target"]).resolve()
            assert re.search(rf"^ *def {link['text']}\(", file.read_text("utf-8"), re.MULTILINE), link[0]


@pytest.mark.parametrize("page", MODULES, ids=named)
def test_every_file_of_a_module_that_is_named_is_there(page: Path) -> None:
    [package] = page.parent.glob("src/fenbu_*")
    named_there = set(re.findall(r"`(\w+(?:\.py|/))`", text(page)))
    assert named_there
    assert [name for name in sorted(named_there) if not (package / name).exists()] == []


def test_every_sentence_of_the_promise_names_a_test() -> None:
    promise = text(DOCS / "flows.md").partition("## The promise")[2].partition("\n## ")[0]
    sentences = re.split(r"^\*\*\d\. ", promise, flags=re.MULTILINE)[1:]
    assert len(sentences) == 6
    assert all("](../tests/" in sentence for sentence in sentences)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    for found in COMMAND.finditer(text(page)):
        words = found["words"].split()
        command, context = descend(words)
        options = {name for parameter in command.get_params(context) for name in parameter.opts}
        for word in words:
            if word.startswith("--") and command.name not in ("do", "pay"):
                assert word in options, f"{named(page)}: {found[0]}"


def descend(words: list[str]) -> tuple[click.Command, click.Context]:
    """Return the command that these words name."""
    command: click.Command = root
    context = click.Context(root, info_name="fenbu")
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z]+", words[0]):
        inner = command.get_command(context, words[0])
        assert inner is not None, f"there is no command {words[0]} in fenbu {command.name}"
        command, context = inner, click.Context(inner, info_name=words[0], parent=context)
        words = words[1:]
    return command, context


def test_every_state_of_a_module_is_told() -> None:
    page = text(DOCS / "architecture.md")
    missing = [
        state.value for state in ModuleState if state.value not in page and state is not ModuleState.PURGED
    ]
    assert missing == []


def test_every_page_is_reached_from_the_index() -> None:
    linked = {link["target"].partition("#")[0] for link in LINK.finditer(text(DOCS / "index.md"))}
    assert {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"} <= linked


def test_every_module_of_the_repository_is_told_of() -> None:
    pages = text(DOCS / "architecture.md") + text(ROOT / "README.md")
    ours = [found for found in discover().modules.values() if found.distribution.startswith("fenbu-")]
    assert all(found.name in pages for found in ours)


def test_the_picture_of_the_demo_has_the_headings_and_commands_of_the_demo() -> None:
    picture = text(ROOT / "README.md").partition("```text\n")[2].partition("```")[0]
    source = "".join(path.read_text("utf-8") for path in (ROOT / "core/src/fenbu/cli/demo").glob("*.py"))
    stages = re.findall(r"^Stage \d of \d: (.+?) {2,}fenbu enable (.+)", picture, re.MULTILINE)
    assert stages == [(stage.name, " ".join(stage.modules)) for stage in STAGES]
    heads = re.findall(r"^(?!Stage)(\S.+?) {2,}fenbu (\w+)", picture, re.MULTILINE)
    assert len(heads) == 5
    for heading, command in heads:
        assert heading in source
        assert command in COMMANDS


@pytest.mark.parametrize("picture", sorted(DOCS.rglob("*.svg")), ids=named)
def test_a_picture_names_no_host(picture: Path) -> None:
    hosts = re.findall(r"https?://[^\"'<)\s]*", text(picture))
    assert set(hosts) <= {"http://www.w3.org/2000/svg"}, (
        "the name of what a picture is written in, nothing else"
    )
    assert "@import" not in text(picture) and "url(http" not in text(picture)
