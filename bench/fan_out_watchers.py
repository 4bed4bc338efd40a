"""
Watchers of one namespace, each on a TLS connection of its own. In Python, whose reads of a thousand connections cost
a fifth of what the same costs in the runtime that the server is written for: there the watchers were what was slow.

Arguments: url, token, watchers, events, timed. Prints `open` once all watch, `done` once each has seen all events,
and when each has seen as many as are timed besides, `delays P50 P99` in milliseconds.
"""

import select
import socket
import ssl
import sys
import time
from urllib.parse import urlparse

URL, TOKEN = urlparse(sys.argv[1]), sys.argv[2]
WATCHERS, EVENTS, TIMED = map(int, sys.argv[3:6])
EVENT, SENT = b'{"type":"ADDED"', b'"sent":"'
TIME_LENGTH = 13  # digits of a time in milliseconds
READ_BYTES = 256 * 1024
REQUEST = (
    "GET /api/v1/namespaces/fan-out/configmaps?watch=true"
    "&fieldSelector=metadata.name!=kube-root-ca.crt HTTP/1.1\r\n"
    f"Host: {URL.hostname}\r\nAuthorization: Bearer {TOKEN}\r\nAccept: application/json\r\n\r\n"
).encode()


class Watcher:
    """One connection: `seen` events, and `rest`, which may hold the beginning of one more."""

    def __init__(self, context):
        plain = socket.create_connection((URL.hostname, URL.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain)
        self.socket.sendall(REQUEST)
        self.head = self.socket.recv(READ_BYTES)
        self.socket.setblocking(False)
        self.rest = self.head
        self.seen = 0
        self.timed = 0

    def read(self):
        """Everything that has come."""
        parts = [self.rest]
        try:
            while True:
                part = self.socket.recv(READ_BYTES)
                if not part:
                    sys.exit("error a watch has ended")
                parts.append(part)
        except ssl.SSLWantReadError:
            return b"".join(parts)

    def count(self, text):
        """Events that begin in `text`."""
        self.seen += text.count(EVENT)
        at = text.rfind(EVENT) + 1
        self.rest = text[max(at, len(text) - len(EVENT) + 1):]

    def time(self, text, delays):
        """Each time in `text` gives a delay."""
        now, end = time.time() * 1000, 0
        at = text.find(SENT)
        while at >= 0 and at + len(SENT) + TIME_LENGTH <= len(text):
            end = at + len(SENT) + TIME_LENGTH
            delays.append(now - int(text[at + len(SENT):end]))
            self.timed += 1
            at = text.find(SENT, end)
        self.rest = text[max(end, len(text) - len(SENT) - TIME_LENGTH + 1):]


def read_until(poll, watchers, take):
    """Lets `take` have what comes, until it has said of each watcher that it is through."""
    left = len(watchers)
    while left > 0:
        for number, _ in poll.poll():
            watcher = watchers[number]
            if take(watcher, watcher.read()):
                left -= 1


def main():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    poll = select.epoll()
    watchers = {}
    for _ in range(WATCHERS):
        watcher = Watcher(context)
        watchers[watcher.socket.fileno()] = watcher
        poll.register(watcher.socket.fileno(), select.EPOLLIN)
    print("open", flush=True)

    def count(watcher, text):
        before = watcher.seen
        watcher.count(text)
        return before < EVENTS <= watcher.seen

    read_until(poll, watchers, count)
    print("done", flush=True)
    delays = []

    def timed(watcher, text):
        before = watcher.timed
        watcher.time(text, delays)
        return before < TIMED <= watcher.timed

    read_until(poll, watchers, timed)
    delays.sort()
    print("delays", *(f"{delays[int(len(delays) * share)]:.0f}" for share in (0.5, 0.99)), flush=True)


main()
