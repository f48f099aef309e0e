"""The host ``folder``: any program that loads a GGUF from a path of its own.

``current.gguf`` in the home leads to the file that is in use: a version's, or the base. The program
is given that path once, and has the new version whenever it loads its model again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sleeping_plugin import atomic
from sleeping_plugin.errors import UsageError
from sleeping_plugin.gguf_info import read_info, require_chat
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Host, hookimpl
from sleeping_plugin.records import Version
from sleeping_plugin.versions import Versions

NAME = "folder"
LINK = "current.gguf"


class FolderHost:
    """The host ``folder``."""

    name = NAME
    one_file: Literal[True] = True  # llama.cpp finds further files by a name that a link lacks

    def check(self, base: Path) -> None:
        """Raise ModelError if ``base`` is no readable GGUF, NoChatTemplate if it cannot chat.

        UsageError for one in several files.
        """
        info = read_info(base)
        require_chat(info)
        if len(info.files) > 1:
            raise UsageError(
                f"{base.name} is the first of {len(info.files)} files, and the host {NAME} leads"
                " programs to one. Choose the host llama-cpp, or join them first:"
                " `llama-gguf-split --merge FIRST OUT`."
            )

    def advice(self, home: Home) -> str:
        """Return the path that a program is given."""
        return f"Let your program load {home.root / LINK}, which always leads to what is in use."

    def publish(self, version: Version | None, base: Path, home: Home) -> None:
        """Lead ``current.gguf`` to the version's file.

        Raises ModelError for a damaged file, UsageError for a version that is not one file, and
        where a file of the user's has that name.
        """
        files = version.files if version else (base,)
        if len(files) != 1:
            raise UsageError(
                f"{version.id if version else base.name} is {len(files)} files, and a link leads "
                "to one. Set export.layout to whole for versions in one file, or choose another "
                "host: `sleeping config edit`."
            )
        link = home.root / LINK
        if link.exists() and not link.is_symlink() and not self._is_ours(link, base, home):
            raise UsageError(
                f"{link} is a file and no link of ours. Move it elsewhere and try again."
            )
        self.check(files[0])
        atomic.replace_link(link, files[0])

    def _is_ours(self, link: Path, base: Path, home: Home) -> bool:
        """Tell whether a hard link is a second name of the base or of a version."""
        known = [base, *(file for version in Versions(home).list() for file in version.files)]
        return any(file.exists() and link.samefile(file) for file in known)


@hookimpl
def register_hosts(register: Callable[[Host], None]) -> None:
    """Add the host ``folder``."""
    register(FolderHost())
