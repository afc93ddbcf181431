"""QR codes as the path of an SVG, so that no picture is fetched from anywhere."""

from dataclasses import dataclass

import segno

# Scanners want four modules of light around the code.
QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Qr:
    """`path` strokes the dark modules in a square of `size` modules, quiet zone included."""

    size: int
    path: str


def qr_of(text: str) -> Qr:
    rows = segno.make_qr(text, error="l").matrix
    lines, x, y = [], 0, 0
    for number, row in enumerate(rows):
        start = None
        for column, dark in enumerate((*row, 0)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                lines.append(f"m{start - x} {number - y}h{column - start}")
                x, y, start = column, number, None
    # A stroke runs along the middle of its row.
    return Qr(len(rows) + 2 * QUIET_MODULES, f"M{QUIET_MODULES} {QUIET_MODULES}.5{''.join(lines)}")
