"""What one layout of a message is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """One layout. Head and clauses: see slots.py and clauses.py."""

    id: str
    wallet: str
    head: str
    example: str
    clauses: tuple[str, ...] = ()
    # Without these the message was cut.
    needs: tuple[str, ...] = ()
    # Usually one of these is there: without it, let a person look.
    one_of: tuple[str, ...] = ()
    # Where any of these was read, this layout goes on to a reference: without it, let a person look.
    then_reference: tuple[str, ...] = ()
    # The head ends the receipt; only a head that stops at a phone number does not.
    closed: bool = True
    kind: str = "transfer_in"
    # Seen on a phone. False: known from a list of wording only, and not sure enough to pay by itself.
    captured: bool = True
    # Read only from this wallet's own sender ids: its short reference may be another's cut one.
    own_senders_only: bool = False
