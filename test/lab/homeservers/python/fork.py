"""Loads Synapse once and forks a server for each connection to its socket. Loading is most of the work of a server's start.

Argument: the socket's path. It prints "ready" when it listens. SIGTERM ends its servers, then itself.

A client sends one line, a JSON array: the server's folder, the names of the configuration file and of the file for the
output in it. It gets a JSON line {"pid"}, which is also the ID of the server's process group, and {"code","signal"} when the
server has ended. A client that closes the connection, or its half of it, ends the server: SIGTERM, after 10 seconds SIGKILL.
"""

import ctypes
import gc
import json
import logging
import os
import selectors
import signal
import socket
import sys
import time
import traceback

import loopback  # noqa: F401

# Twisted's own reactor cannot be used after a fork. Each fork installs one of its own behind this one.
try:
    from synapse.app.complement_fork_proxied_reactor import ProxiedReactor
except ImportError:  # its place in older versions
    from synapse.app.complement_fork_starter import ProxiedReactor
from twisted.internet.main import installReactor

reactor = ProxiedReactor()
installReactor(reactor)

from synapse.app import homeserver  # noqa: E402
from twisted.internet.epollreactor import EPollReactor  # noqa: E402

import throw_away  # noqa: E402, F401

GRACE_SECONDS = 10
ORDER_WITHIN_SECONDS = 30
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)
selector = selectors.DefaultSelector()
servers = set()


class Server:
    """A forked server, with the connection of the client that asked for it."""

    def __init__(self, connection, order):
        self.connection = connection
        self.kill_at = None
        self.pid = os.fork()
        if self.pid == 0:
            run(*order)
        self.pidfd = os.pidfd_open(self.pid)
        selector.register(self.pidfd, selectors.EVENT_READ, self.has_ended)
        selector.register(connection, selectors.EVENT_READ, self.end)
        servers.add(self)
        self.tell({"pid": self.pid})

    def end(self):
        if self.kill_at is not None:
            return
        selector.unregister(self.connection)
        self.kill_at = time.monotonic() + GRACE_SECONDS
        self.send(signal.SIGTERM)
        # A stopped process handles no signal but SIGKILL until it is continued.
        self.send(signal.SIGCONT)

    def has_ended(self):
        self.send(signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status < 0:
            self.tell({"code": None, "signal": signal.Signals(-status).name})
        else:
            self.tell({"code": status, "signal": None})
        if self.kill_at is None:
            selector.unregister(self.connection)
        selector.unregister(self.pidfd)
        os.close(self.pidfd)
        self.connection.close()
        servers.remove(self)

    def send(self, number):
        for kill in (os.killpg, os.kill):  # It may not have made its group yet.
            try:
                return kill(self.pid, number)
            except ProcessLookupError:
                pass

    def tell(self, message):
        try:
            self.connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # The client is gone.


def run(folder, config, output):
    """Is the forked server, and does not return."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # A copy of another client's connection would keep it open.
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(folder)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, 1)
        os.dup2(file, 2)
        reactor._install_real_reactor(EPollReactor())
        sys.argv = ["synapse.app.homeserver", "--config-path", config]
        homeserver.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def accept():
    connection, _ = listener.accept()
    connection.settimeout(ORDER_WITHIN_SECONDS)
    try:
        with connection.makefile() as lines:
            order = json.loads(lines.readline())
        Server(connection, order)
    except (OSError, ValueError):
        connection.close()


def stop(*_):
    raise SystemExit


def serve():
    for key, _ in selector.select(1):
        # An earlier event of this round may have ended what this one is about.
        if selector.get_map().get(key.fd) is key:
            key.data()
    for server in servers:
        if server.kill_at is not None and server.kill_at < time.monotonic():
            server.send(signal.SIGKILL)


signal.signal(signal.SIGTERM, stop)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
selector.register(listener, selectors.EVENT_READ, accept)
# The collector would write to each object of the forks, and with that copy its memory.
gc.freeze()
print("ready", flush=True)
try:
    while True:
        serve()
finally:
    selector.unregister(listener)
    for server in set(servers):
        server.end()
    while servers:
        serve()
