"""Price sources and the quotes made from them: pure, like the providers."""
