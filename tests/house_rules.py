"""The rules of the house, each a function from one module to what is wrong with it."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("config", "gateways", "ledger", "sandbox")
LONGEST_MODULE = 350

Node = TypeVar("Node", bound=ast.AST)

# --- where a rule does not hold, and why ----------------------------------------------------------
# What the tests below look for; a line that is no longer needed is an error as well.
EDGES: dict[str, dict[str, str]] = {
    "time": {
        "ledger/ports.py": "the port itself",
        "gateways/providers/spectrocoin/tokens.py": "the default of its clock argument",
        "config/supervisor.py": "waits for the processes of `manage.py up`; no rows, no money",
    },
    "random": {"ledger/ports.py": "the port itself"},
    "secrets": {
        "ledger/ports.py": "the port itself",
        "ledger/cipher.py": "nonces and new keys",
        "ledger/admin/merchants.py": "a new signing secret, shown once",
        "config/env_file.py": "the keys of a first run, before settings load",
        "config/management/commands/up.py": "the password of the first admin",
        "gateways/management/commands/seed_demo.py": "the demo merchant's signing secret",
    },
    "uuid": {},
    "requests": {
        "ledger/http.py": "the one careful HTTP call",
        "gateways/management/commands/seed_demo.py": "asks the sandbox for its settings",
    },
    "int": {
        "ledger/money.py": "the one place where text becomes units",
        "ledger/ports.py": "Unix seconds",
        "ledger/rate.py": "text becomes an exact price, which money is multiplied with",
        "ledger/models/tenants.py": "a row's id",
        "ledger/sealed.py": "a row's id",
        "ledger/billing/whmcs/answers.py": "WHMCS's ids and row counts",
        "gateways/admin/inputs.py": "percentages, in hundredths",
        "gateways/compat/claims.py": "when the claim was signed, Unix seconds",
        "gateways/pay/checkout.py": "when the form was signed, Unix seconds",
        "gateways/webhooks.py": "lengths of bodies",
        "gateways/oracles/asking.py": "whole seconds of a clock",
        "gateways/oracles/web.py": "an exponent, written out before Rate reads it",
        "gateways/providers/haveno/asking.py": "a number of confirmations",
        "gateways/providers/haveno/onion.py": "a port number",
        "gateways/providers/haveno/standard_webhooks.py": "seconds",
        "gateways/providers/spectrocoin/tokens.py": "seconds",
        "gateways/providers/spectrocoin/instructions.py": "seconds and milliseconds",
        "gateways/providers/spectrocoin/refusals.py": "SpectroCoin's error numbers",
        "gateways/providers/spectrocoin/wire.py": "an exponent, written out before Money reads it",
        "gateways/wallet/sms/dates.py": "days, months, years and hours",
        "gateways/wallet/forwarders/fields.py": "milliseconds, and the parts of a printed time",
        "config/management/commands/up.py": "port numbers",
    },
    "fractions": {
        "ledger/rate.py": "a price, exact; only whole units of money leave it",
    },
    "environ": {
        "config/settings.py": "the configuration itself",
        "config/wsgi.py": "names the settings module",
        "gateways/webhooks.py": "names only: what the server mixes into a request's headers",
        "manage.py": "names the settings module",
        "config/supervisor.py": "what the programs it starts inherit",
        "config/management/commands/up.py": "the ports of this run",
    },
    "sandbox": {
        "config/env_file.py": "writes the port that `manage.py up` starts it on",
    },
    "upward names": {
        "ledger/models/bookings.py": "Payment's foreign key; a lazy name, no import",
        "ledger/tasks.py": "the path of the other lane's drain, handed to the queue as text",
    },
}


@dataclass(frozen=True)
class Module:
    """One Python file of the house; `path` is relative to the repository."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """(line, dotted name) of everything imported anywhere; members with their module's name."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.name if self.path.endswith("__init__.py") else up(self.name)
                    for _ in range(node.level - 1):
                        package = up(package)
                    base = f"{package}.{base}".strip(".")
                found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
        return found

    def under(self, *names: str) -> bool:
        return inside(self.name, names)

    def may(self, edge: str) -> bool:
        return self.path in EDGES[edge]

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @cached_property
    def documentation(self) -> set[int]:
        """Ids of the string nodes that are docstrings."""
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        bodies = [node.body for node in ast.walk(self.tree) if isinstance(node, kinds)]
        return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}

    @property
    def strings(self) -> Iterator[ast.Constant]:
        for node in ast.walk(self.tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if text and id(node) not in self.documentation:
                yield cast(ast.Constant, node)


Found = Iterator[tuple[int, str]]
Rule = Callable[[Module], Found]


def up(name: str) -> str:
    return name.rpartition(".")[0]


def inside(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain; calls on the way are left out: Payment.objects.filter().x."""
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def every_module() -> list[Module]:
    paths = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    return [read(path) for path in [*paths, ROOT / "manage.py"] if "migrations" not in path.parts]


def read(path: Path) -> Module:
    return Module(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


# --- arrows -------------------------------------------------------------------------------------
LEDGER_DOORS = tuple(
    f"ledger.{name}"
    for name in (
        "settlement money rate models bills ports cipher sealed tasks billing.base http"
        " outbox.deciding"
    ).split()
)


def ours_only(module: Module, allowed: tuple[str, ...]) -> Found:
    for line, name in module.imports:
        if inside(name, (*PARTS, "tests")) and not inside(name, allowed):
            yield line, f"imports {name}"


def arrows_point_down(module: Module) -> Found:
    """config -> gateways -> the ledger's doors, never back; the sandbox stands alone."""
    if module.under("sandbox"):
        yield from ours_only(module, ("sandbox",))
    elif module.under("ledger"):
        yield from ours_only(module, ("ledger",))
    elif module.under("gateways.admin"):
        yield from ours_only(module, ("gateways", "ledger.admin", *LEDGER_DOORS))
    elif module.under("gateways"):
        yield from ours_only(module, ("gateways", *LEDGER_DOORS))
    else:
        yield from ours_only(module, ("config", "gateways", "ledger"))


def no_arrow_hides_in_text(module: Module) -> Found:
    """A dotted path in a string is an import that no tool sees."""
    above = {"ledger": r"(gateways|config)", "gateways": r"config"}.get(module.path.split("/")[0])
    if above and not module.may("upward names"):
        for node in module.strings:
            if re.fullmatch(rf"{above}(\.\w+)+", text := str(node.value)):
                yield node.lineno, f"names {text}"


PURE_DOORS = {
    "gateways.providers": ("gateways.providers", "gateways.wallet", "ledger.money", "ledger.http"),
    "gateways.oracles": ("gateways.oracles", "ledger.money", "ledger.rate", "ledger.http"),
    "gateways.orders.judging": ("gateways.orders.rules", "ledger.money", "ledger.rate"),
    "gateways.wallet": ("gateways.wallet", "gateways.providers.base", "ledger.money"),
    "ledger.billing": ("ledger.billing", "ledger.money", "ledger.http"),
    "ledger.money": (),
    "ledger.rate": ("ledger.money",),
    "ledger.cipher": (),
    "ledger.http": (),
    "sandbox": ("sandbox",),
}
CRYPTO_AND_HTTP = ("cryptography", "nacl", "requests", "rfc8785", "urllib3")


def pure_modules_know_no_framework(module: Module) -> Found:
    """Providers, oracles, wallet and billers: bytes and plain values, no rows and no settings."""
    doors = next((doors for part, doors in PURE_DOORS.items() if module.under(part)), None)
    if doors is not None:
        for line, name in module.imports:
            known = name.split(".")[0] in sys.stdlib_module_names
            if not (known or inside(name, (*doors, *CRYPTO_AND_HTTP))):
                yield line, f"imports {name}"


def only_tasks_know_the_queue(module: Module) -> Found:
    if module.path.rpartition("/")[2] != "tasks.py":
        for line, name in module.imports:
            if inside(name, ("django_q",)):
                yield line, f"imports {name}"


def only_commands_know_the_sandbox(module: Module) -> Found:
    in_house = module.under("config", "gateways", "ledger") and "/commands/" not in module.path
    if in_house and not module.may("sandbox"):
        for node in module.strings:
            if re.search(r"sandbox", str(node.value), re.IGNORECASE):
                yield node.lineno, f"speaks of {str(node.value)[:40]!r}"


def only_config_reads_the_environment(module: Module) -> Found:
    if module.under("sandbox") or module.may("environ"):
        return
    for node in module.nodes(ast.Attribute):
        if dotted(node) in ("os.environ", "os.getenv"):
            yield node.lineno, f"reads {dotted(node)}"
    for line, name in module.imports:
        if name in ("os.environ", "os.getenv") or inside(name, ("environ",)):
            yield line, f"imports {name}"


# --- "only X does Y" ------------------------------------------------------------------------------
WRITES = frozenset(
    "create get_or_create update_or_create bulk_create bulk_update update delete save".split()
)


def only_settlement_books(module: Module) -> Found:
    """Payment rows are made in ledger/settlement.py and nowhere changed."""
    if module.path == "ledger/settlement.py":
        return
    for call in module.calls:
        chain = dotted(call.func).split(".")
        if chain[-1] == "Payment" or ("Payment" in chain and chain[-1] in WRITES):
            yield call.lineno, f"writes {'.'.join(chain)}"


def only_outbox_moves_deliveries(module: Module) -> Found:
    """Delivery.status is written by the outbox; settlement makes rows with the default."""
    if module.under("ledger.outbox", "sandbox"):
        return
    others = {"Order", "Callback", "Bill", "Attempt"}
    for call in module.calls:
        chain = dotted(call.func).split(".")
        names_status = any(keyword.arg == "status" for keyword in call.keywords)
        writes = chain[-1] in WRITES or chain[-1] == "Delivery"
        of_delivery = "Delivery" in chain or (module.under("ledger") and not others & set(chain))
        if names_status and writes and of_delivery:
            yield call.lineno, f"writes a status through {'.'.join(chain)}"
    for node in module.nodes(ast.Attribute):
        sets = isinstance(node.ctx, ast.Store) and node.attr == "status"
        if sets and "delivery" in dotted(node.value).lower():
            yield node.lineno, f"sets {dotted(node)}"


def only_money_turns_text_into_units(module: Module) -> Found:
    if module.under("sandbox"):
        return
    for line, name in module.imports:
        exact = inside(name, ("fractions",)) and module.may("fractions")
        if inside(name, ("decimal", "fractions")) and not exact:
            yield line, f"imports {name}"
    if not module.may("int"):
        for call in module.calls:
            if dotted(call.func) == "int":
                yield call.lineno, f"calls {ast.unparse(call)}"


MONEY_MODULES = (
    *(f"ledger.{name}" for name in "money rate settlement bills outbox reconcile billing".split()),
    *(f"gateways.{name}" for name in "orders oracles providers wallet inbox".split()),
)


def no_float_meets_money(module: Module) -> Found:
    if not module.under(*MONEY_MODULES, "ledger.models", "gateways.models"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id in ("float", "round"):
            yield node.lineno, f"names {node.id}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"writes {node.value}"
        elif isinstance(node, ast.Attribute) and node.attr in ("FloatField", "DecimalField"):
            yield node.lineno, f"keeps money in a {node.attr}"


CLOCKS = re.compile(
    r"(datetime(\.datetime)?\.(now|utcnow|today)|date\.today|timezone\.now|localtime|time\.\w+)"
)


def outside_comes_through_ports(module: Module) -> Found:
    """Time, randomness, ids and HTTP, so that a simulation can own them."""
    if module.under("sandbox"):
        return
    for line, name in module.imports:
        root = name.split(".")[0]
        if root in EDGES and root != "environ" and not module.may(root):
            yield line, f"imports {name}"
    if not module.may("time"):
        for call in module.calls:
            if CLOCKS.fullmatch(dotted(call.func)) or dotted(call.func).endswith("sleep"):
                yield call.lineno, f"calls {dotted(call.func)}"


OUTSIDE_CALLS = frozenset(
    "look_up book read_bill find_note write_note fetch refresh_keys connect".split()
)


def no_transaction_is_open_during_a_call(module: Module) -> Found:
    if not module.under("ledger", "gateways"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            atomic = any(dotted(mark).endswith("atomic") for mark in node.decorator_list)
        elif isinstance(node, ast.With):
            atomic = any(dotted(item.context_expr).endswith("atomic") for item in node.items)
        else:
            continue
        if atomic:
            for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
                if dotted(call.func).split(".")[-1] in OUTSIDE_CALLS:
                    yield call.lineno, f"calls {dotted(call.func)} inside a transaction"


# --- safety -------------------------------------------------------------------------------------
SECRET_NAME = re.compile(r"(^|_)(sign?|signature|hmac|mac|token|secret|digest|otp|seal)s?($|_)")


def secrets_are_compared_in_constant_time(module: Module) -> Found:
    """hmac.compare_digest, never ==; a literal to compare with ("" or "legacy") tells nobody."""
    if module.under("sandbox"):
        return
    for node in module.nodes(ast.Compare):
        equal = (ast.Eq, ast.NotEq)
        sides = [node.left, *node.comparators]
        literal = any(isinstance(side, ast.Constant) for side in sides)
        if not literal and any(isinstance(sign, equal) for sign in node.ops):
            yield from (
                (node.lineno, f"compares {ast.unparse(node)}")
                for side in sides
                if SECRET_NAME.search(spelling(side))
            )


def spelling(node: ast.AST) -> str:
    """The last word of what is compared: body["sign"] is sign, self.token is token."""
    if isinstance(node, ast.Subscript):
        inner = node.slice
        return str(inner.value) if isinstance(inner, ast.Constant) else ""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "reveal") and node.args:
                inner = node.args[0]
                return str(inner.value) if isinstance(inner, ast.Constant) else ""
            if node.func.attr in ("hexdigest", "digest"):
                return "digest"
            return spelling(node.func.value)
        return ""
    return dotted(node).rpartition(".")[2].lower()


def tls_is_verified(module: Module) -> Found:
    for call in module.calls:
        for keyword in call.keywords:
            off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            if keyword.arg in ("verify", "check_hostname") and off:
                yield call.lineno, f"{keyword.arg} is off"
    for node in module.nodes(ast.Attribute):
        if dotted(node).endswith(("CERT_NONE", "_create_unverified_context")):
            yield node.lineno, f"uses {dotted(node)}"


def html_is_escaped(module: Module) -> Found:
    for node in ast.walk(module.tree):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        if name in ("mark_safe", "SafeText") or (
            isinstance(node, ast.Call) and dotted(node.func).endswith("SafeString")
        ):
            yield getattr(node, "lineno", 0), "marks text as safe"
    for line, name in module.imports:
        if name.endswith(".mark_safe"):
            yield line, "imports mark_safe"


def module_is_read_in_one_sitting(module: Module) -> Found:
    lines = module.text.count("\n")
    if lines > LONGEST_MODULE:
        yield lines, f"has {lines} lines: make it a package of the same name"


def names_say_what_is_inside(module: Module) -> Found:
    for part in module.name.split("."):
        if part in ("utils", "util", "helpers", "helper", "common", "core", "misc"):
            yield 1, f"is called {part}"


def nothing_is_left_unfinished(module: Module) -> Found:
    for number, line in enumerate(module.text.splitlines(), start=1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", line):
            yield number, "is unfinished"
