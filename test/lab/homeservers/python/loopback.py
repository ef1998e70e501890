"""Lets this process resolve loopback names only, so that nothing it does reaches a network. To be imported first: others copy the function."""

import socket

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
