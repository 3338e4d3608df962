"""The built site, a server for it and a real browser."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest
from pages import Site
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser):
    parser.addoption("--site", default="build/site", help="the folder of the site")


def pytest_terminal_summary(terminalreporter, config):
    """What the site has."""
    if (found := getattr(config, "site_seen", None)) is not None:
        told = ", ".join(f"{number} {what}" for what, number in found.counts().items())
        terminalreporter.write_line(f"The site: {told}.")


@pytest.fixture(scope="session")
def site(pytestconfig):
    folder = pytestconfig.rootpath / pytestconfig.getoption("--site")
    assert (folder / "index.html").exists(), f"there is no site in {folder}"
    pytestconfig.site_seen = Site(Path(folder))
    return pytestconfig.site_seen


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """A browser that is installed; where there has to be one, its lack is a failure."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and "CI" not in os.environ:
        pytest.skip("needs Chromium: " + ", ".join(NAMES) + " are not on the path")
    assert found is not None, "CI needs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def _failed(page, request):
    # One that the next page cuts off is no failure.
    if request.failure != "net::ERR_ABORTED":
        page.faults.append(f"{request.url}: {request.failure}")


@pytest.fixture
def tab(chromium):
    """A page that keeps what went wrong in ``faults``."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.faults = []
    page.on("console", lambda m: m.type == "error" and page.faults.append(m.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("requestfailed", lambda request: _failed(page, request))
    yield page
    page.close()
