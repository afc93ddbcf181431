"""Where all parties keep what they know: one SQLite database, one lock."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Settings = dict[str, object]

SCHEMA = """
CREATE TABLE IF NOT EXISTS identity (
    party TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (party, name));
CREATE TABLE IF NOT EXISTS settings (
    party TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (party, name));
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, party TEXT NOT NULL, fault TEXT NOT NULL,
    target TEXT NOT NULL, times INTEGER, rate TEXT NOT NULL, seconds TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT, party TEXT NOT NULL, action TEXT NOT NULL,
    at TEXT NOT NULL, answer_status INTEGER, fault TEXT NOT NULL, params TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS sc_tokens (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sc_orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, pre_order_id TEXT NOT NULL UNIQUE,
    order_id TEXT UNIQUE, merchant_order_id TEXT NOT NULL UNIQUE, api TEXT NOT NULL,
    description TEXT NOT NULL, pay_currency TEXT NOT NULL, pay_amount TEXT NOT NULL,
    receive_currency TEXT NOT NULL, receive_amount TEXT NOT NULL, received_amount TEXT NOT NULL,
    status TEXT NOT NULL, callback_url TEXT NOT NULL, success_url TEXT NOT NULL,
    failure_url TEXT NOT NULL, created_at TEXT NOT NULL, valid_until TEXT NOT NULL,
    lies TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sc_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_number INTEGER NOT NULL, kind TEXT NOT NULL,
    method TEXT NOT NULL, url TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    status TEXT NOT NULL, forge TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sc_sendings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, sent_at TEXT NOT NULL,
    answer_status INTEGER, answer_body TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS hv_offers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, offer_id TEXT NOT NULL UNIQUE,
    order_ref TEXT NOT NULL UNIQUE, document TEXT NOT NULL, currency TEXT NOT NULL,
    amount TEXT NOT NULL, pay_to TEXT NOT NULL, uri TEXT NOT NULL, network TEXT NOT NULL,
    confirmations_required INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    cancelled_at INTEGER, refunded INTEGER NOT NULL, announced TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hv_transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, offer_number INTEGER NOT NULL, txid TEXT NOT NULL,
    amount TEXT NOT NULL, currency TEXT NOT NULL, confirmations INTEGER NOT NULL,
    seen_at INTEGER NOT NULL, locked INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS hv_transfers_offer ON hv_transfers (offer_number);
CREATE TABLE IF NOT EXISTS hv_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, offer_number INTEGER NOT NULL, url TEXT NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, amount TEXT NOT NULL, forge TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hv_messages_offer ON hv_messages (offer_number);
CREATE TABLE IF NOT EXISTS hv_sendings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, sent_at TEXT NOT NULL,
    answer_status INTEGER, answer_body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hv_sendings_message ON hv_sendings (message_id);

CREATE TABLE IF NOT EXISTS wa_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, text TEXT NOT NULL,
    sent_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, template TEXT NOT NULL,
    vals TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wa_uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, app TEXT NOT NULL,
    second INTEGER NOT NULL, body BLOB NOT NULL, delivered INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS wa_uploads_message ON wa_uploads (message_id);
CREATE TABLE IF NOT EXISTS wa_tries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, upload_id INTEGER NOT NULL, sent_at TEXT NOT NULL,
    answer_status INTEGER, answer_body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS wa_tries_upload ON wa_tries (upload_id);

CREATE TABLE IF NOT EXISTS vf_stores (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rate TEXT NOT NULL, currency TEXT NOT NULL,
    anti_spam INTEGER NOT NULL, callback_url TEXT NOT NULL, key TEXT NOT NULL,
    callback TEXT NOT NULL, shape INTEGER NOT NULL, enabled INTEGER NOT NULL,
    tells_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS vf_transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, trans_id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL,
    amount TEXT NOT NULL, state TEXT NOT NULL, store_id INTEGER NOT NULL, user_name TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS vf_transfers_phone ON vf_transfers (phone);
CREATE TABLE IF NOT EXISTS vf_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, transfer_id INTEGER NOT NULL, url TEXT NOT NULL,
    method TEXT NOT NULL, forge TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS vf_messages_transfer ON vf_messages (transfer_id);
CREATE TABLE IF NOT EXISTS vf_sendings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, sent_at TEXT NOT NULL,
    answer_status INTEGER, answer_body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS vf_sendings_message ON vf_sendings (message_id);

CREATE TABLE IF NOT EXISTS wh_clients (
    id INTEGER PRIMARY KEY AUTOINCREMENT, firstname TEXT NOT NULL, lastname TEXT NOT NULL,
    email TEXT NOT NULL, currency TEXT NOT NULL, credit TEXT NOT NULL, language TEXT NOT NULL,
    created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wh_invoices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, client_id INTEGER NOT NULL, status TEXT NOT NULL,
    total TEXT NOT NULL, description TEXT NOT NULL, date TEXT NOT NULL, duedate TEXT NOT NULL,
    datepaid TEXT NOT NULL, paymentmethod TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wh_transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, userid INTEGER NOT NULL, currency INTEGER NOT NULL,
    gateway TEXT NOT NULL, date TEXT NOT NULL, description TEXT NOT NULL,
    amountin TEXT NOT NULL, fees TEXT NOT NULL, amountout TEXT NOT NULL, rate TEXT NOT NULL,
    transid TEXT NOT NULL, transid_key TEXT NOT NULL, invoiceid INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS wh_transactions_invoice ON wh_transactions (invoiceid);
CREATE INDEX IF NOT EXISTS wh_transactions_transid ON wh_transactions (transid_key);
CREATE TABLE IF NOT EXISTS wh_credits (
    id INTEGER PRIMARY KEY AUTOINCREMENT, clientid INTEGER NOT NULL, date TEXT NOT NULL,
    description TEXT NOT NULL, amount TEXT NOT NULL, relid INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS wh_activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT, date TEXT NOT NULL, description TEXT NOT NULL,
    username TEXT NOT NULL, ipaddress TEXT NOT NULL, clientid INTEGER NOT NULL);
"""

# Identities and keys are not among these: a reset must be quick and must not break a console that
# already knows them. Row numbers go on counting for the same reason.
FORGET = (
    "DELETE FROM settings",
    "DELETE FROM faults",
    "DELETE FROM calls",
    "DELETE FROM sc_tokens",
    "DELETE FROM sc_orders",
    "DELETE FROM sc_messages",
    "DELETE FROM sc_sendings",
    "DELETE FROM hv_offers",
    "DELETE FROM hv_transfers",
    "DELETE FROM hv_messages",
    "DELETE FROM hv_sendings",
    "DELETE FROM wa_messages",
    "DELETE FROM wa_uploads",
    "DELETE FROM wa_tries",
    "DELETE FROM vf_stores",
    "DELETE FROM vf_transfers",
    "DELETE FROM vf_messages",
    "DELETE FROM vf_sendings",
    "DELETE FROM wh_clients",
    "DELETE FROM wh_invoices",
    "DELETE FROM wh_transactions",
    "DELETE FROM wh_credits",
    "DELETE FROM wh_activity",
)


class Storage:
    """One connection shared by all threads, used by one of them at a time.

    path  a file, made with its folder when missing; empty keeps everything in memory.
    """

    def __init__(self, path: str) -> None:
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        # A stand-in may lose its last moments in a power cut; in return a test's reset is instant.
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One state change, whole or not at all. Never wait or call out inside it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def reset(self) -> None:
        """Forget everything but the identities and keys generated with this storage."""
        with self.change() as db:
            for statement in FORGET:
                db.execute(statement)

    def close(self) -> None:
        with self._lock:
            self._db.close()


def read_named(db: sqlite3.Connection, table: str, party: str) -> Settings:
    """The rows of `identity` or `settings` of one party, by name."""
    statements = {
        "identity": "SELECT name, value FROM identity WHERE party = ?",
        "settings": "SELECT name, value FROM settings WHERE party = ?",
    }
    rows = db.execute(statements[table], (party,))
    return {row["name"]: json.loads(row["value"]) for row in rows}


def write_named(
    db: sqlite3.Connection, table: str, party: str, values: Mapping[str, object]
) -> None:
    """Set some of them; the others stay."""
    statements = {
        "identity": "INSERT OR REPLACE INTO identity (party, name, value) VALUES (?, ?, ?)",
        "settings": "INSERT OR REPLACE INTO settings (party, name, value) VALUES (?, ?, ?)",
    }
    rows = [(party, name, json.dumps(value)) for name, value in values.items()]
    db.executemany(statements[table], rows)
