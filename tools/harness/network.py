"""The network outside of a machine: QEMU's user networking, which needs no rights.

It is 10.0.2.0/24: the gateway and this host are 10.0.2.2 (a connection to it ends at this host's
loopback), DHCP gives addresses from 10.0.2.15 on. Who asks for one is told by DHCP where the server
is that serve= started (the boot file's name: http://10.0.2.2:PORT/), whose port is any that is free:
several machines may run at a time.

A forward is HOSTPORT=PORT or HOSTPORT=ADDRESS:PORT: a connection to this host's loopback goes to the
guest that has the address (10.0.2.15 if not said). HOSTPORT 0 is any that is free.
"""

import contextlib
import fcntl
import functools
import hashlib
import http.server
import os
import random
import re
import shutil
import socket
import threading
import urllib.error
import urllib.request

from harness import disks
from harness.common import CACHE, TOP, Complaint, part_of

HOST = "10.0.2.2"
FIRST_GUEST = "10.0.2.15"
GET_SECONDS = 20


PORTS = range(20000, 32768)  # below those that the kernel hands out by itself


def free_port():
    """One that nobody has. QEMU takes it later: each that asks, in any process, is told the next one."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, ".port"), "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = int(file.read() or os.getpid())
        for step in range(1, len(PORTS) + 1):
            port = PORTS[(last + step) % len(PORTS)]
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                file.truncate(0)
                file.write(str(last + step))
                return port
    raise Complaint("no port of this host is free")


def folder_of(text):
    """The folder that SERVE= names, in the top folder; of a size, one that is made for it."""
    if not re.fullmatch(r"\d+[KMG]?", text):
        return os.path.join(TOP, text)
    folder = os.path.join(CACHE, "served", text)
    if not os.path.isdir(folder):
        part = part_of(folder)
        os.makedirs(part, exist_ok=True)
        blob = random.Random(text).randbytes(disks.parse_size(text))
        for name, data in (("blob", blob), ("blob.sha256", f"{hashlib.sha256(blob).hexdigest()}  blob\n".encode())):
            with open(os.path.join(part, name), "wb") as stream:
                stream.write(data)
        try:
            os.rename(part, folder)
        except OSError:  # another was faster
            shutil.rmtree(part)
    return folder


def parse_forward(text):
    """(port here, address, port there)"""
    match = re.fullmatch(r"(\d+)=(?:(\d+(?:\.\d+){3}):)?(\d+)", text)
    if not match or max(int(match.group(1)), int(match.group(3))) > 65535:
        raise Complaint(f"not HOSTPORT=PORT or HOSTPORT=ADDRESS:PORT: {text}")
    return int(match.group(1)) or free_port(), match.group(2) or FIRST_GUEST, int(match.group(3))


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a machine that ends breaks its connections off


class Network:
    """One machine's network, from before it starts until after it has ended."""

    def __init__(self, forwards=(), serve=None):
        self.forwards = [parse_forward(text) for text in forwards]
        self.server = None
        if serve:
            handler = functools.partial(Files, directory=serve)
            self.server = Server(("127.0.0.1", 0), handler)
            threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    def words(self):
        """For QEMU's command line. No option ROM: nobody boots from the card."""
        backend = "user,id=net0"
        if self.server:
            backend += f",bootfile=http://{HOST}:{self.server.server_port}/"
        for here, address, there in self.forwards:
            backend += f",hostfwd=tcp:127.0.0.1:{here}-{address}:{there}"
        return ["-netdev", backend, "-device", "virtio-net-pci,netdev=net0,disable-legacy=on,romfile="]

    def get(self, port, path):
        """Ask the guest that is forwarded to at port, as a browser would: lines that tell of it."""
        here = [h for h, _, there in self.forwards if there == port]
        if not here:
            return [f"get {port}{path}: nothing is forwarded to port {port}"]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{here[0]}{path}", timeout=GET_SECONDS) as answer:
                body = answer.read()
                status = answer.status
        except (urllib.error.URLError, OSError) as error:
            return [f"get {port}{path}: {error}"]
        return [f"get {port}{path}: {status}, {len(body)} bytes"] + body.decode("utf-8", "replace").splitlines()
