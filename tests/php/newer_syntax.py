"""Finds syntax and functions that PHP 7.4 does not know, through PHP's own tokenizer.

The test machine's PHP is newer than the oldest one the modules promise, so its own parser is no
judge. This is a list of the usual slips, not a parser of PHP 7.4.
"""

import json
import re
from dataclasses import dataclass

from tests.php.conftest import Php

TOKENS = {
    "T_MATCH": "match",
    "T_NULLSAFE_OBJECT_OPERATOR": "nullsafe",
    "T_ATTRIBUTE": "attribute",
    "T_ENUM": "enum",
    "T_READONLY": "readonly",
}
FUNCTIONS = {
    "str_contains",
    "str_starts_with",
    "str_ends_with",
    "array_is_list",
    "get_debug_type",
    "get_resource_id",
    "fdiv",
    "preg_last_error_msg",
    "json_validate",
    "mb_str_pad",
}
VISIBILITY = {"T_PUBLIC", "T_PROTECTED", "T_PRIVATE"}
BLANK = {"T_WHITESPACE", "T_COMMENT", "T_DOC_COMMENT", "T_OPEN_TAG"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


END = Token("", "", 0)


def newer_syntax(php: Php, source: str) -> list[str]:
    """One "line N: feature" per slip, in the order of the file."""
    tokens = _tokens(php, source)
    found = []
    openers: list[str] = []  # what each open parenthesis belongs to
    opener = ""
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else END
        after = tokens[index + 1] if index + 1 < len(tokens) else END
        last = tokens[index + 2] if index + 2 < len(tokens) else END
        if token.kind in {"T_FUNCTION", "T_FN", "T_CATCH"}:
            opener = token.kind
        elif token.kind == "T_USE" and after.text == "(":
            opener = "T_FUNCTION"
        elif token.text == ";":
            opener = ""
        if token.text == "(":
            openers.append(opener)
            opener = ""
        inside = openers[-1] if openers else ""
        feature = _feature(before, token, after, last, inside)
        if feature:
            found.append(f"line {token.line}: {feature}")
        if token.text == ")" and openers:
            openers.pop()
    return found


def _feature(before: Token, token: Token, after: Token, last: Token, inside: str) -> str | None:
    in_parameters = inside in {"T_FUNCTION", "T_FN"}
    if token.kind in TOKENS:
        return TOKENS[token.kind]
    if in_parameters and token.kind in VISIBILITY:
        return "constructor promotion"
    if in_parameters and token.text == "," and after.text == ")":
        return "trailing comma in parameters"
    if after.text == ":" and before.text in {"(", ","} and re.fullmatch(r"\w+", token.text):
        return "named argument"
    if inside != "T_CATCH" and _joins_types(token, after, last):
        return "union type"
    if token.text == "mixed" and (after.kind == "T_VARIABLE" or before.text == ":"):
        return "mixed type"
    if before.text == ":" and token.text in {"static", "never"}:
        return f"{token.text} return type"
    if before.kind == "T_CATCH" and token.text == "(" and last.text == ")":
        return "catch without variable"
    if token.kind == "T_THROW" and before.text not in {"{", "}", ";", ":", ")", ""}:
        return "throw expression"
    if token.kind == "T_ELLIPSIS" and before.text == "(" and after.text == ")":
        return "first-class callable"
    if before.kind == "T_VARIABLE" and token.kind == "T_DOUBLE_COLON" and after.text == "class":
        return "::class on an object"
    name = token.text.lstrip("\\")
    if name in FUNCTIONS and after.text == "(":
        return f"{name}()"
    return None


def _joins_types(token: Token, after: Token, last: Token) -> bool:
    """A "|" before the last type of a parameter or property, or of what a function returns."""
    is_name = re.fullmatch(r"[\\\w]+", after.text) is not None
    return token.text == "|" and is_name and (last.text == "{" or last.kind == "T_VARIABLE")


def _tokens(php: Php, source: str) -> list[Token]:
    done = php.run(
        [
            "-r",
            "echo json_encode(array_map(function ($t) {"
            " return is_array($t) ? [token_name($t[0]), $t[1], $t[2]] : ['', $t, 0]; },"
            " token_get_all(stream_get_contents(STDIN))));",
        ],
        stdin=source,
    )
    tokens = []
    line = 1
    for kind, text, at in json.loads(done.stdout):
        line = at or line
        if kind not in BLANK:
            tokens.append(Token(kind, text, line))
    return tokens
