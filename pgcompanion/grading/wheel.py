"""The installed package as a wheel again, wherever it was installed from."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pgcompanion

WHEEL = "Wheel-Version: 1.0\nGenerator: pgcompanion\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def name() -> str:
    """The name of the wheel's file."""
    return f"pgcompanion-{pgcompanion.__version__}-py3-none-any.whl"


def build() -> bytes:
    """The wheel of the package that is running."""
    content = _package() | _metadata()
    record = f"pgcompanion-{pgcompanion.__version__}.dist-info/RECORD"
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    for path, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        table.writerow([path, f"sha256={digest}", len(data)])
    table.writerow([record, "", ""])
    content[record] = lines.getvalue().encode()
    return zipped(content)


def zipped(content: dict[str, bytes], executable: tuple[str, ...] = ()) -> bytes:
    """A zip file whose bytes depend on its content alone."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o100755 if path in executable else 0o100644) << 16
            archive.writestr(info, data)
    return made.getvalue()


def _package() -> dict[str, bytes]:
    root = Path(pgcompanion.__file__).parent
    return {
        f"pgcompanion/{file.relative_to(root).as_posix()}": file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def _metadata() -> dict[str, bytes]:
    installed = distribution("pgcompanion")
    folder = f"pgcompanion-{pgcompanion.__version__}.dist-info"
    texts = {name: installed.read_text(name) or "" for name in ("METADATA", "entry_points.txt")}
    return {f"{folder}/{name}": text.encode() for name, text in (texts | {"WHEEL": WHEEL}).items()}
