"""config.settings under the tests' configuration: for mypy, which loads settings by itself."""

import tests.environment  # noqa: F401  first: settings refuse to load without it
from config.settings import *  # noqa: F403
