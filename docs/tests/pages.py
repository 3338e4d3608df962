"""The pages of a built site, and what they link to."""

from collections import deque
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup


class Site:
    """Pages are named by their path below the folder, "guide/first-fit.html"."""

    def __init__(self, folder):
        self.folder = folder

    @cached_property
    def pages(self):
        found = sorted(self.folder.rglob("*.html"))
        names = [path.relative_to(self.folder).as_posix() for path in found]
        return [
            name for name in names if not name.startswith(("_static", "_downloads"))
        ]

    @cached_property
    def soups(self):
        return {
            name: BeautifulSoup((self.folder / name).read_text("utf-8"), "html.parser")
            for name in self.pages
        }

    @cached_property
    def anchors(self):
        """Page -> the ids that a link may name."""
        return {
            name: {tag["id"] for tag in soup.find_all(id=True)}
            for name, soup in self.soups.items()
        }

    def targets(self, name, selector="a[href], link[href], img[src], script[src]"):
        """(address as written, file below the folder, fragment) of the local links."""
        for tag in self.soups[name].select(selector):
            written = tag.get("href") or tag.get("src") or ""
            parts = urlsplit(written)
            if parts.scheme or parts.netloc or not written:
                continue
            address, fragment = urldefrag(written)
            path = (Path(name).parent / unquote(urlsplit(address).path)).as_posix()
            place = (self.folder / path).resolve() if address else self.folder / name
            yield written, place, unquote(fragment)

    def broken(self, name):
        for written, place, fragment in self.targets(name):
            if not place.is_file():
                yield f"{name}: {written}"
            elif fragment and place.suffix == ".html" and self.folder in place.parents:
                known = self.anchors.get(place.relative_to(self.folder).as_posix())
                if known is not None and fragment not in known:
                    yield f"{name}: {written}"

    def counts(self):
        """What there is -> how many."""
        kinds = {
            "pages of public names": "api/generated/",
            "examples": "gallery/",
            "lessons": "lessons/",
            "pages of the guide": "guide/",
            "reports": "reports/",
        }
        found = {"pages": len(self.pages)}
        for what, where in kinds.items():
            inside = [name for name in self.pages if name.startswith(where)]
            if what in ("examples", "lessons"):
                inside = [name for name in inside if "/plot_" in name]
            found[what] = len(inside)
        links = [sum(1 for _ in self.targets(name)) for name in self.pages]
        broken = [fault for name in self.pages for fault in self.broken(name)]
        return found | {"links": sum(links), "broken": len(broken)}

    def clicks(self, start="index.html"):
        """Page -> how many clicks in the text of pages and their heads lead to it."""
        depth, queue = {start: 0}, deque([start])
        while queue:
            name = queue.popleft()
            for _, place, _ in self.targets(name, "a[href]"):
                if self.folder in place.parents and place.suffix == ".html":
                    page = place.relative_to(self.folder).as_posix()
                    if page in self.anchors and page not in depth:
                        depth[page] = depth[name] + 1
                        queue.append(page)
        return depth
