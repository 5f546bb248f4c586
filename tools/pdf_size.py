"""Make a printed file smaller, and nothing of it different: what the browser writes is twice as long as it need be.

- The browser makes an element of the structure for every run of text, which says only that it is no
  element (``NonStruct``). What it holds is given to the element around it.
- Places are rounded: to a hundredth of the unit that is in force, where it is a thousand times as many to
  a tenth. That is a fortieth of a point at most, since a page's unit is a quarter of a point.
- Objects are written in compressed streams.
"""

from __future__ import annotations

from collections.abc import Iterator

from pikepdf import (
    Array,
    Dictionary,
    Name,
    Object,
    ObjectStreamMode,
    Pdf,
    Token,
    TokenFilter,
    TokenType,
    settings,
)

#: How a file is saved: everything compressed, and the same bytes from the same pages.
SAVED = {
    "object_stream_mode": ObjectStreamMode.generate,
    "recompress_flate": True,
    "deterministic_id": True,
}
settings.set_flate_compression_level(9)


def shrink(book: Pdf) -> None:
    """Take the runs out of the structure of a printed file, and round its places."""
    if "/StructTreeRoot" in book.Root:
        root = book.Root.StructTreeRoot
        for parents in _parents(root.ParentTree):
            for i, element in enumerate(parents):
                if _is_run(element):
                    parents[i] = element.P
        for element in _kids(root):
            _take_runs(element)
    for sheet in book.pages:
        sheet.Contents = book.make_stream(sheet.get_filtered_contents(_Rounded()))


def _kids(element: Dictionary) -> list[Object]:
    kids = element.get("/K", Array())
    return list(kids) if isinstance(kids, Array) else [kids]


def _is_run(element: Object | int) -> bool:
    """Whether this is an element without meaning that holds one run of a sheet and nothing else."""
    return (
        isinstance(element, Dictionary)
        and element.get("/S") == Name.NonStruct
        and isinstance(element.get("/K"), int)
    )


def _parents(tree: Dictionary) -> Iterator[Array]:
    """For each sheet the elements that its runs belong to."""
    yield from (held for held in list(tree.get("/Nums", Array()))[1::2] if isinstance(held, Array))
    for part in tree.get("/Kids", Array()):
        yield from _parents(part)


def _take_runs(element: Object | int) -> None:
    """Give the runs below an element to the elements that they are in.

    A number among an element's kids is a run of the element's own sheet; a run of another sheet says which.
    """
    if not isinstance(element, Dictionary) or element.get("/Type") != Name.StructElem:
        return
    kids = _kids(element)
    for i, kid in enumerate(kids):
        if not _is_run(kid):
            _take_runs(kid)
            continue
        if "/Pg" not in element:
            element.Pg = kid.Pg
        same = element.Pg.objgen == kid.Pg.objgen
        kids[i] = kid.K if same else Dictionary(Type=Name.MCR, Pg=kid.Pg, MCID=kid.K)
    if kids:
        element.K = kids[0] if len(kids) == 1 else Array(kids)


class _Rounded(TokenFilter):
    def handle_token(self, token: Token) -> Token:
        if token.type_ != TokenType.real or abs(number := float(token.value)) < 10:
            return token
        digits = 1 if abs(number) >= 1000 else 2
        text = f"{number:.{digits}f}".rstrip("0").rstrip(".")
        return Token(TokenType.real, text.encode())
