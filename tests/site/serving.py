"""A static host in small: serves a folder, compresses what a host compresses, answers what is missing with 404.html."""

from __future__ import annotations

import gzip
import http.server
import io
from functools import cache
from pathlib import Path
from typing import BinaryIO

#: What static hosts compress; pictures in bitmap formats and fonts are compressed already.
TEXT = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".map", ".ipynb"}


@cache
def _gzipped(path: Path, changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def compressed(path: Path) -> bytes:
    """A file's content as it travels."""
    return _gzipped(path, path.stat().st_mtime_ns) if path.suffix in TEXT else path.read_bytes()


class Compressed(http.server.SimpleHTTPRequestHandler):
    """Serves `directory` from the root of the address."""

    protocol_version = "HTTP/1.1"

    def send_head(self) -> BinaryIO | None:
        """The answer's head, and its body to send."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and not self.path.partition("?")[0].endswith("/"):
            return super().send_head()  # sends the reader on to the address with a slash
        path = path / "index.html" if path.is_dir() else path
        status = 200
        if not path.is_file():
            path, status = Path(self.directory) / "404.html", 404
        body = compressed(path) if path.is_file() else b""
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in TEXT:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""
