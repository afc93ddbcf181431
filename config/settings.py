"""All configuration, read from the environment (and .env) through typed readers; nothing else reads it.

Two modes. "production" (the default) refuses to start half-configured and names what is missing;
"demo" is what `make run` sets up on one machine, over plain HTTP on the loopback address.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ledger.cipher import read_keys

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))

missing: list[str] = []


def needed(name: str, what: str) -> str:
    """A variable without which nothing works; all absent ones are reported together."""
    value: str = env.str(name, default="").strip()
    if not value:
        missing.append(f"{name}: {what}")
    return value


MODE = env.str("GATEBOOK_MODE", default="production")
if MODE not in ("production", "demo"):
    missing.append(f"GATEBOOK_MODE: is {MODE!r}, must be production or demo")
DEMO = MODE == "demo"

SECRET_KEY = needed("SECRET_KEY", "50 random characters; signs sessions and queue payloads")
GATEBOOK_URL = needed(
    "GATEBOOK_URL", "the public base URL of this console, https://pay.example.com"
).rstrip("/")
try:
    _public = urlsplit(GATEBOOK_URL)
except ValueError:
    _public = urlsplit("")
if GATEBOOK_URL and (_public.scheme not in ("https", "http") or not _public.hostname):
    missing.append("GATEBOOK_URL: must look like https://pay.example.com")
elif GATEBOOK_URL and _public.scheme != "https" and not DEMO:
    missing.append("GATEBOOK_URL: must be https in production")
try:
    # Newest key first: it seals, all of them open. `manage.py rotate_keys` re-seals old rows.
    GATEBOOK_KEYS = read_keys(needed("GATEBOOK_KEYS", "comma-separated base64 keys of 32 bytes"))
except ValueError as error:
    GATEBOOK_KEYS = []
    missing.append(f"GATEBOOK_KEYS: {error}")
if missing:
    raise ImproperlyConfigured(
        "Gatebook is not configured. Set in the environment or in .env:\n  " + "\n  ".join(missing)
    )

DEBUG = False
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [_public.hostname or ""]
# Hosts in private address ranges that merchants may name as their WHMCS (it is often on the same LAN).
PRIVATE_HOSTS = env.list("GATEBOOK_PRIVATE_HOSTS", default=[])

# --- applications ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.GatebookAdminConfig",
    "config.apps.GatebookConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "django_q",
    "ledger",
    "gateways",
]
MIDDLEWARE = [
    # First, so that a webhook passes through nothing but its own view.
    "gateways.webhooks.WebhookLane",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.health.HealthLane",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.language.AdminLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- storage --------------------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VAR_DIR = BASE_DIR / "var"
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/gatebook.sqlite3")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # WAL with synchronous=FULL: NORMAL would lose acknowledged webhooks on power loss. IMMEDIATE
    # takes the write lock at BEGIN, so that two writers wait for each other instead of failing.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    Path(str(_database["NAME"])).parent.mkdir(parents=True, exist_ok=True)
else:
    # Django switches prepared statements off unless a threshold is named; the webhook INSERT
    # asks for one (gateways/webhooks.py).
    _database["OPTIONS"] = {**_database.get("OPTIONS", {}), "prepare_threshold": 5}
    _database["CONN_HEALTH_CHECKS"] = True
_database["CONN_MAX_AGE"] = 60

# --- queue: wake-ups only, the rows carry the work ----------------------------------------------
Q_CLUSTER: dict[str, Any] = {
    "name": "gatebook",
    "workers": 4,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.2,
    # A drain starts no delivery after 45 s, and one delivery holds its lease for 180 s at most.
    "timeout": 240,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 500,
    "label": "Jobs",
}
if REDIS_URL := env.str("REDIS_URL", default=""):
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# --- limits of how often somebody may ask (gateways/limits.py) -----------------------------------
CACHES: dict[str, Any]
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "gatebook",
            # Nobody waits at the door for a Redis that hangs.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
else:
    # Of this process alone. What was asked for longest ago goes first when it is full, which a
    # flood under way is not.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

# --- people ---------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- browser --------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
USE_X_FORWARDED_HOST = False
if not DEMO:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    CSRF_TRUSTED_ORIGINS = [GATEBOOK_URL]
# Only where a proxy of ours terminates TLS and sets this header on every request.
BEHIND_PROXY = env.bool("GATEBOOK_BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = True, "Lax"
LANGUAGE_COOKIE_SECURE = not DEMO
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}},
}
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
