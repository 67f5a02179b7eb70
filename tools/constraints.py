"""Pin every dependency once, for pip and for uv: `python tools/constraints.py [--upgrade]`.

Resolves the direct dependencies of all distributions of the workspace and of its `dev` group with
`uv pip compile --universal`, so that the pins hold on every system and every Python we support, and writes them

- to `constraints.txt`, which `requirements.txt` names for pip, and
- into `[tool.uv] constraint-dependencies` of the root `pyproject.toml`, because uv reads no constraints file and its
  own lock stays out of the repository (it names package hosts).

Pins that still fit are kept; `--upgrade` takes the newest. Needs the network; the drift check in
`tests/packaging/test_pins.py` does not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import tomli
import tomlkit

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Every dependency, pinned; written by `make constraints`, read by pip through requirements.txt.\n"


def members(root: Path = ROOT) -> list[Path]:
    """List the folders of the workspace's distributions, as the root `pyproject.toml` names them."""
    patterns = read(root / "pyproject.toml")["tool"]["uv"]["workspace"]["members"]
    found = [folder for pattern in patterns for folder in sorted(root.glob(pattern))]
    return [folder for folder in found if (folder / "pyproject.toml").is_file()]


def read(pyproject: Path) -> dict[str, Any]:
    """Parse one `pyproject.toml`."""
    return tomli.loads(pyproject.read_text(encoding="utf-8"))


def pins(constraints: Path = ROOT / "constraints.txt") -> list[str]:
    """List the pins of a constraints file, without its comments."""
    lines = constraints.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def resolve(root: Path, *, upgrade: bool) -> list[str]:
    """Ask uv for one set of versions that fits every distribution, on every system; needs the network."""
    folders = members(root)
    names = [read(folder / "pyproject.toml")["project"]["name"] for folder in folders]
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch, "constraints.txt")
        if not upgrade and (root / "constraints.txt").is_file():
            output.write_text("\n".join(pins(root / "constraints.txt")), encoding="utf-8")
        command = ["uv", "pip", "compile", "--universal", "--no-header", "--no-annotate", "--quiet"]
        # The pins in the root pyproject are our own output: reading them would freeze them for ever.
        command += ["--no-config", "--all-extras", "--output-file", str(output)]
        command += [part for name in names for part in ("--no-emit-package", name)]
        command += ["--group", f"{root / 'pyproject.toml'}:dev"]
        command += [str(folder / "pyproject.toml") for folder in folders]
        subprocess.run(command, cwd=root, check=True)
        return pins(output)


def write(root: Path, lines: list[str]) -> None:
    """Write the pins where pip reads them and where uv does."""
    (root / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    path = root / "pyproject.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    array = tomlkit.array()
    array.extend(lines)
    document["tool"]["uv"]["constraint-dependencies"] = array.multiline(True)
    path.write_text(tomlkit.dumps(document), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Resolve and write; exit code 0, or uv's own when it finds no set of versions."""
    parser = argparse.ArgumentParser(description="Pin every dependency, for pip and for uv.")
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions instead of keeping pins"
    )
    options = parser.parse_args(arguments)
    try:
        lines = resolve(ROOT, upgrade=options.upgrade)
    except subprocess.CalledProcessError as error:
        return error.returncode
    write(ROOT, lines)
    print(f"{len(lines)} pins written to constraints.txt and pyproject.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
