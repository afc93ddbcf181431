"""The `.env` of a first run: fresh keys and the addresses of a console on this machine."""

import base64
import os
import secrets
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path

NAME = ".env"
DEFAULT_PORT = "8000"
DEFAULT_SANDBOX_PORT = "8001"
_TEXT = """\
# Made by `manage.py up`, never overwritten. The environment wins over what is written here.
GATEBOOK_MODE=demo
SECRET_KEY={secret_key}
GATEBOOK_KEYS={sealing_key}
GATEBOOK_URL=http://127.0.0.1:{port}
GATEBOOK_PORT={port}
SANDBOX_PORT={sandbox_port}
ALLOWED_HOSTS=127.0.0.1,localhost
GATEBOOK_PRIVATE_HOSTS=127.0.0.1
"""


def ensure_env_file(root: Path, environ: Mapping[str, str]) -> bool:
    """Write root/.env with generated keys, readable by its owner only. True if it was made.

    Does nothing where the file exists, or where SECRET_KEY comes from the environment: such a
    machine is configured elsewhere, and settings name what it still lacks.
    """
    path = root / NAME
    if path.exists() or environ.get("SECRET_KEY"):
        return False
    text = _TEXT.format(
        secret_key=secrets.token_urlsafe(50),
        sealing_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        port=environ.get("GATEBOOK_PORT") or DEFAULT_PORT,
        sandbox_port=environ.get("SANDBOX_PORT") or DEFAULT_SANDBOX_PORT,
    )
    # mkstemp gives mode 0600. The link appears whole or not at all, and never replaces a file.
    handle, draft = tempfile.mkstemp(dir=root, prefix=NAME)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def follow_port(root: Path, environ: MutableMapping[str, str]) -> None:
    """Where only GATEBOOK_PORT is given for this run, let a loopback GATEBOOK_URL follow it.

    Otherwise links and callbacks would still name the port of the first run.
    """
    port = environ.get("GATEBOOK_PORT")
    path = root / NAME
    if not port or environ.get("GATEBOOK_URL") or not path.exists():
        return
    if "\nGATEBOOK_URL=http://127.0.0.1:" in path.read_text(encoding="utf-8"):
        environ["GATEBOOK_URL"] = f"http://127.0.0.1:{port}"
