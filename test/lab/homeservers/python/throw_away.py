"""Makes the Synapse of this process one to throw away."""

# It has a DNS client of its own (SRV records), which does not go through the socket module.
from twisted.names import client, resolve

client.theResolver = resolve.ResolverChain([])

# The servers are made to be thrown away: a power cut may cost them their data, and a disk's waiting at each commit is most of their time.
from synapse.storage.engines.sqlite import Sqlite3Engine

prepare_connection = Sqlite3Engine.on_new_connection


def prepare_quick_connection(engine, connection):
    prepare_connection(engine, connection)
    connection.execute("PRAGMA synchronous = OFF")


Sqlite3Engine.on_new_connection = prepare_quick_connection
