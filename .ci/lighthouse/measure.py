"""Lighthouse on three pages of a built site: median of three runs each, and the least that each score may be.

A site folder is served as a static host does it, compressed. Scores of a busy machine say little: leave it alone.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.site.serving import Compressed

PAGES = ("", "attacks/fgsm/", "defenses/tradeoff/")
LEAST = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
RUNS = 3
HERE = Path(__file__).parent
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"


def scores(url: str, chromium: str) -> dict[str, object]:
    """One run: the report as Lighthouse writes it."""
    command = [str(HERE / "node_modules" / ".bin" / "lighthouse"), url, "--output=json", "--quiet"]
    command += [f"--only-categories={','.join(LEAST)}", f"--chrome-flags={FLAGS}"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "CHROME_PATH": chromium}, check=False
    )
    if done.returncode:
        raise SystemExit(f"lighthouse failed on {url}:\n{done.stderr}")
    return json.loads(done.stdout)


def main(site: Path) -> int:
    """Print a line a page; the exit status is the number of scores that fall short."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if not found:
        raise SystemExit("no Chromium found: install it, or name its binary in CHROMIUM")
    if not (site / "index.html").is_file():
        raise SystemExit(f"{site} holds no site: make site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Compressed, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    short = 0
    for page in PAGES:
        reports = [scores(f"http://127.0.0.1:{server.server_port}/{page}", found) for _ in range(RUNS)]
        of = {name: [round(100 * report["categories"][name]["score"]) for report in reports] for name in LEAST}
        print(f"/{page}: " + ", ".join(f"{name} {statistics.median(runs):.0f} {runs}" for name, runs in of.items()))
        for name, least in LEAST.items():
            if statistics.median(of[name]) < least:
                short += 1
                print(f"  {name} is below {least}: {', '.join(_reasons(reports[-1], name))}")
    server.shutdown()
    return short


def _reasons(report: dict, category: str) -> list[str]:
    """The audits that cost points in a category."""
    weighty = (one["id"] for one in report["categories"][category]["auditRefs"] if one["weight"])
    audits = ((name, report["audits"][name]) for name in weighty)
    poor = [(name, audit) for name, audit in audits if audit["score"] is not None and audit["score"] < 0.9]
    return [f"{name} ({audit.get('displayValue') or audit['score']})" for name, audit in poor]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
