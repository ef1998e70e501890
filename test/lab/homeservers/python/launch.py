"""Runs Synapse in its folder, with a resolver that knows loopback names only, so that nothing it does reaches a network.

Arguments: the server's folder, the configuration file's name in it.
"""

import os
import runpy
import socket
import sys

folder, config = sys.argv[1:]
os.chdir(folder)

resolve_any = socket.getaddrinfo


def is_localhost(name):
    return name == "localhost" or name.endswith(".localhost")


def resolve_loopback(host, *args, **kwargs):
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is not None:
        name = name.lower().rstrip(".")
        if is_localhost(name):
            # Names below localhost are loopback (RFC 6761), which not every C library knows. The servers listen on IPv4.
            name = "127.0.0.1"
        else:
            try:
                socket.inet_pton(socket.AF_INET6 if ":" in name else socket.AF_INET, name)
            except OSError:
                raise socket.gaierror(socket.EAI_NONAME, "this server resolves loopback names only") from None
    return resolve_any(name, *args, **kwargs)


socket.getaddrinfo = resolve_loopback

# Twisted's own DNS client (SRV records) does not go through the socket module.
from twisted.names import client, resolve  # noqa: E402

client.theResolver = resolve.ResolverChain([])

# The servers are made to be thrown away: a power cut may cost them their data, and a disk's waiting at each commit is most of their time.
from synapse.storage.engines.sqlite import Sqlite3Engine  # noqa: E402

prepare_connection = Sqlite3Engine.on_new_connection


def prepare_quick_connection(engine, connection):
    prepare_connection(engine, connection)
    connection.execute("PRAGMA synchronous = OFF")


Sqlite3Engine.on_new_connection = prepare_quick_connection

sys.argv = ["synapse.app.homeserver", "--config-path", config]
runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)
