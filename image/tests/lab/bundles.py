"""A web server for update bundles on the loopback: whole files and ranges, and it counts what it gave.

It holds a folder and nothing else. Each file's bytes and requests are counted, so that a test can compare what an adaptive
update fetched with the size of the bundle. Faults: `slow` bytes per second, `cut` closes after so many bytes of a file.
"""

import http.server
import pathlib
import re
import threading
import time


class Fetched:
    """What was asked of one file."""

    def __init__(self):
        self.bytes = 0
        self.requests = 0


class BundleServer:
    """Serves `folder` at `self.url` (loopback only) until `close`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.fetched = {}
        self.slow = None
        self.cut = None
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self, True)

            def do_HEAD(self):
                outer.answer(self, False)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def counts(self, name):
        """Bytes and requests of one file so far."""
        with self._lock:
            return self.fetched.setdefault(name, Fetched())

    def forget(self):
        """Counts from zero again."""
        with self._lock:
            self.fetched.clear()

    def close(self):
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request, with_body):
        """Answers one request: 200, 206, 404 or 416."""
        name = request.path.lstrip("/")
        path = self.folder / name
        if "/" in name or not path.is_file():
            request.send_error(404)
            return
        size = path.stat().st_size
        asked = request.headers.get("Range")
        first, last = byte_range(asked, size)
        if first is None:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if asked else 200)
        if asked:
            request.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        request.send_header("Content-Length", str(last - first + 1))
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("ETag", f'"{size}-{path.stat().st_mtime_ns}"')
        request.end_headers()
        counts = self.counts(name)
        with self._lock:
            counts.requests += 1
        if with_body:
            self._send(request, path, first, last - first + 1, counts)

    def _send(self, request, path, first, length, counts):
        with path.open("rb") as file:
            file.seek(first)
            while length > 0:
                data = file.read(min(65536, length))
                if self.cut is not None and counts.bytes + len(data) > self.cut:
                    request.close_connection = True
                    request.connection.close()
                    return
                # Counted before it is sent: whoever has read it must find it counted.
                with self._lock:
                    counts.bytes += len(data)
                try:
                    request.wfile.write(data)
                except OSError:
                    return
                length -= len(data)
                if self.slow:
                    time.sleep(len(data) / self.slow)


def byte_range(header, size):
    """First and last byte of a Range header; the whole without one; (None, None) if it cannot be met."""
    if header is None:
        return 0, size - 1
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not found or found[0].endswith("=-"):
        return None, None
    if not found[1]:
        tail = int(found[2])
        return (max(0, size - tail), size - 1) if tail else (None, None)
    first = int(found[1])
    last = min(int(found[2]) if found[2] else size - 1, size - 1)
    return (first, last) if first <= last else (None, None)
