"""Lends the machine's pip configuration to an image build: where packages come from and whom to trust.

All of it goes into one folder that is mounted as the builder's home, so nothing of it stays in the image.
"""

from __future__ import annotations

import configparser
import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

_HOME: Final = "/root"
_MACHINE: Final = (Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"))
_GLOBAL: Final = "global"
_CA_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# What speaks of this machine rather than of where packages come from.
_NOT_LENT: Final = frozenset({"cache-dir", "log", "target", "prefix", "root", "user", "require-virtualenv"})


def prepare(home: Path, environment: Mapping[str, str], machine: Sequence[Path] = _MACHINE) -> list[str]:
    """Fill `home` for the build; returns the volumes (`host:container:options`) to mount."""
    settings = _merged([*machine, *_files(environment)], environment)
    volumes = [f"{home}:{_HOME}:rw"]
    authority = settings.get(_GLOBAL, "cert", fallback="") or _first(environment, _CA_VARIABLES)
    if authority and Path(authority).is_file():
        shutil.copy(authority, home / "ca.crt")
        settings.set(_GLOBAL, "cert", f"{_HOME}/ca.crt")
    for section in settings.sections():
        if settings.has_option(section, "find-links"):
            links, mounts = _lent_links(settings.get(section, "find-links").split())
            settings.set(section, "find-links", "\n".join(links))
            for name, folder in mounts:
                # The mount point lies in the folder we lend, not in the image.
                (home / name).mkdir()
                volumes.append(f"{folder}:{_HOME}/{name}:ro")
    text = io.StringIO()
    settings.write(text)
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text(text.getvalue())
    return volumes


def _lent_links(links: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    lent, mounts = [], []
    for number, link in enumerate(links):
        if Path(link).is_dir():
            name = f"links-{number}"
            mounts.append((name, link))
            lent.append(f"{_HOME}/{name}")
        else:
            lent.append(link)
    return lent, mounts


def _merged(files: Sequence[Path], environment: Mapping[str, str]) -> configparser.RawConfigParser:
    """pip's own order: machine, user, `PIP_CONFIG_FILE`, then `PIP_*` variables."""
    settings = configparser.RawConfigParser()
    settings.add_section(_GLOBAL)
    settings.read(files, encoding="utf-8")
    for name, value in environment.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value:
            settings.set(_GLOBAL, name.removeprefix("PIP_").lower().replace("_", "-"), value)
    for section in settings.sections():
        for option in _NOT_LENT:
            settings.remove_option(section, option)
    return settings


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME", "/"))
    given = environment.get("PIP_CONFIG_FILE", "")
    yield home / ".pip/pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if given:
        yield Path(given)


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
