import re

import pytest


def test_the_page_is_there_for_everybody(anonymous):
    reply = anonymous.get("/docs")

    assert (reply.status_code, reply.mimetype) == (200, "text/html")


def test_everything_the_page_asks_for_is_here(anonymous):
    page = anonymous.get("/docs").text
    script = anonymous.get("/docs/page.js").text

    asked_for = re.findall(r'(?:href|src)="([^"]*)"', page) + re.findall(r'url: "([^"]*)"', script)
    assert len(asked_for) == 7
    for path in asked_for:
        assert "//" not in path
        assert anonymous.get(f"/{path}").status_code == 200


def test_the_page_may_load_nothing_from_elsewhere(anonymous):
    policy = anonymous.get("/docs").headers["Content-Security-Policy"]

    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert {value for name, value in directives.items() if name != "default-src"} == {
        "'self'",
        "'none'",
        "'self' data:",
    }


def test_the_page_shows_the_document_to_no_validator(anonymous):
    assert "validatorUrl: null" in anonymous.get("/docs/page.js").text


def test_the_page_runs_no_inline_script(anonymous):
    page = anonymous.get("/docs").text

    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == ["", ""]
    assert not re.search(r"\son\w+=|<style|\sstyle=", page)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger.svg", "image/svg+xml"),
    ],
)
def test_an_asset_says_what_it_is(anonymous, name, media_type):
    reply = anonymous.get(f"/docs/{name}")

    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert reply.data


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "..%2fdocs.py", "swagger-ui.css%00"])
def test_anything_else_is_not_found(anonymous, name):
    reply = anonymous.get(f"/docs/{name}")

    assert (reply.status_code, reply.json["code"]) == (404, "not_found")
