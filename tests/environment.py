"""The configuration tests run under, so that no `.env` is needed and none leaks in.

A pytest plugin (see pyproject.toml): it is imported before Django's settings are.
DATABASE_URL is kept where it is given; `tests/with_postgres.py` gives it.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CONFIGURATION = {
    "GATEBOOK_MODE": "demo",
    "SECRET_KEY": "a-key-of-tests-that-signs-nothing-anybody-would-ever-believe",
    "GATEBOOK_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "GATEBOOK_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "GATEBOOK_PRIVATE_HOSTS": "127.0.0.1",
    "REDIS_URL": "",
}

os.environ.update(CONFIGURATION)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'tests.sqlite3'}")
