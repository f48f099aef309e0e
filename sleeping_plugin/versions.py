"""The versions of a home: immutable folders named by what they were made of, and one pointer.

A version's id is the digest of its base, its factors and its export recipe
(:func:`version_id`), so the same night twice is the same version. The folder appears whole, with
one rename. Which version is in use is one small file, replaced atomically, that also holds what
was in use before.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from sleeping_plugin import atomic
from sleeping_plugin.errors import NotFound, SleepingError, StateError, UsageError
from sleeping_plugin.home import Home, file_lock
from sleeping_plugin.records import Version

SCHEMA = 1
MANIFEST = "manifest.json"
_KEPT = 100  # how many switches can be taken back
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "id": str,
    "accepted": bool,
    "files": list,
    "adapter": (str, type(None)),
    "gate": dict,
    "created": str,
    "parent": (str, type(None)),
    "base_digest": str,
    "factors_digest": str,
    "recipe": dict,
    "facts": dict,
}

# Named here, because within the class `list` is a method.
_Found = list[Version]
_Problems = list[tuple[Path, str]]
_History = list[str | None]
Publish = Callable[[Version | None], None]  # lets a host serve a version; None is the base

log = logging.getLogger(__name__)


def _nobody(_version: Version | None) -> None:
    """Publish to nobody: the pointer alone says what is in use."""


class _DamagedPointer(StateError):
    """The pointer holds nothing that could be kept; a switch replaces it."""


def version_id(base_digest: str, factors_digest: str, recipe: Mapping[str, Any]) -> str:
    """Return the id of the version made of these: "v-" and 12 hex digits."""
    content = {"base_digest": base_digest, "factors_digest": factors_digest, "recipe": recipe}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return "v-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def file_digest(path: Path) -> str:
    """Return "sha256:<hex>" of a file. Raises StateError if it cannot be read."""
    with atomic.disk_errors(path), path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


class Versions:
    """All versions of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def list(self) -> _Found:
        """Return the versions, oldest first. Folders that are none are left out and logged."""
        valid, broken = self._scan()
        for folder, reason in broken:
            log.warning("%s is no version and is ignored: %s", folder, reason)
        return valid

    def broken(self) -> _Problems:
        """Return the folders that should be versions and are not, with the reason."""
        return self._scan()[1]

    def get(self, name: str) -> Version:
        """Return the version of that id, or the only one whose id begins so."""
        found = [version for version in self.list() if _begins(version.id, name)]
        exact = [version for version in found if version.id == name]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            ids = ", ".join(version.id for version in found)
            raise NotFound(f"{name!r} fits several versions: {ids}. Type more of the id.")
        raise NotFound(f"There is no version {name!r}. Type `sleeping versions` to see all.")

    def manifest(self, name: str) -> dict[str, Any]:
        """Return everything that was written down about a version."""
        return _read_manifest(self.folder(self.get(name).id))

    def folder(self, identity: str) -> Path:
        """Return where the version of that full id is, or would be."""
        return self._home.versions / identity

    def stored(self, identity: str) -> dict[str, Any] | None:
        """Return the manifest of the version of that full id, whatever became of its files.

        None if there is none, or it is damaged itself.
        """
        try:
            folder = self.folder(identity)
            return _described(atomic.read_json(folder / MANIFEST), folder)
        except StateError:
            return None

    def add(self, staging: Path, manifest: Mapping[str, Any]) -> Version:
        """Publish the folder ``staging`` as the version that ``manifest`` describes.

        ``files`` and ``adapter`` are relative to the folder; the digests of the files are added to
        the manifest. If the version is there already and accepted, it is kept and returned; one
        that is rejected or damaged is replaced, so that a judgement is of the bytes beside it.
        StateError if the manifest does not describe the folder; DiskFull leaves nothing behind.
        """
        written = _checked({"schema": SCHEMA, **manifest}, staging)
        final = self.folder(written["id"])
        written["digests"] = {name: file_digest(staging / name) for name in written["files"]}
        atomic.write_json(staging / MANIFEST, written)
        if final.exists():
            try:
                known = _read_manifest(final)
                if known["accepted"]:
                    return _version(known, final)
            except StateError as error:
                log.warning("%s is damaged (%s) and is replaced", final, error)
            atomic.discard_folder(final)
        atomic.publish_folder(staging, final)
        return _version(written, final)

    def active(self) -> Version | None:
        """Return the version in use, or None for the base."""
        identity = self._pointer()[0]
        if identity is None:
            return None
        try:
            return _version(_read_manifest(self.folder(identity)), self.folder(identity))
        except SleepingError as error:
            raise StateError(
                f"The version in use, {identity}, is damaged: {error} "
                "Type `sleeping rollback` or `sleeping switch base`."
            ) from error

    def switch(self, version: Version | None, publish: Publish = _nobody) -> None:
        """Put ``version`` (None: the base) in use; what was in use goes to the history.

        ``publish`` is called before the pointer moves: what a host refuses never gets in use.
        UsageError if the gate has not accepted the version: it never reaches a host.
        """
        identity = version.id if version else None
        with self._writing():
            if identity:
                self._usable(identity)
            damaged = False
            try:
                active, history = self._pointer()
            except _DamagedPointer as error:
                log.warning("%s It starts anew.", error)
                active, history, damaged = None, [], True
            publish(version)
            if damaged or identity != active:
                self._move(identity, [*history, active], active, publish)

    def rollback(self, publish: Publish = _nobody) -> Version | None:
        """Put back in use what was before, and return it (None: the base).

        A version that has since vanished, or that ``publish`` refuses, is passed over; what it
        raises for the base is raised. NotFound if there is nothing before.
        """
        with self._writing():
            active, history = self._pointer()
            while history:
                identity = history.pop()
                if identity == active:
                    continue  # what lay between has vanished
                try:
                    version = self._usable(identity) if identity else None
                    publish(version)
                except SleepingError as error:
                    if identity is None:
                        raise
                    log.warning("passed over in the rollback: %s", error)
                    continue
                self._move(identity, history, active, publish)
                return version
        raise NotFound(
            f"There is nothing to go back to: {active or 'the base'} is in use and no switch "
            "came before. Type `sleeping versions` to see all, `sleeping switch base` for the base."
        )

    def _move(
        self, identity: str | None, history: _History, active: str | None, publish: Publish
    ) -> None:
        """Move the pointer after the host; if the disk refuses, the host goes back as well."""
        try:
            self._point(identity, history)
        except SleepingError:
            with suppress(SleepingError, OSError):
                publish(self.get(active) if active else None)
            raise

    def spare(self, keep: int, needed: Collection[str] = ()) -> _Found:
        """Return what can go, oldest first: all but the newest ``keep`` accepted versions.

        The one in use stays too, the one that a rollback goes to, and those with ids in ``needed``.
        """
        active, history = self._pointer()
        every = self.list()
        accepted = [version.id for version in every if version.accepted]
        before = [name for name in history if name != active and (not name or name in accepted)]
        newest = accepted[len(accepted) - min(keep, len(accepted)) :]
        stay = {active, *before[-1:], *newest, *needed}
        return [version for version in every if version.id not in stay]

    def prune(self, keep: int, needed: Collection[str] = ()) -> tuple[_Found, int]:
        """Remove what is spare; return it, and the bytes freed. No switch comes in between."""
        with self._writing():
            spare = self.spare(keep, needed)
            folders = [self.folder(version.id) for version in spare]
            freed = atomic.bytes_freed(folders)
            for folder in folders:
                atomic.discard_folder(folder)
            return spare, freed

    def knowing(self, fact: str) -> _Found:
        """Return the versions that this fact was taught to."""
        return [v for v in self.list() if fact in _read_manifest(self.folder(v.id))["facts"]]

    def files_from(self, base_digest: str) -> tuple[Path, ...]:
        """Return the files of all versions of this base, the newest version's first."""
        made = [version for version in self.list() if version.base_digest == base_digest]
        return tuple(file for version in reversed(made) for file in version.files)

    def _usable(self, identity: str) -> Version:
        version = self.get(identity)
        if not version.accepted:
            reasons = "; ".join(map(str, version.gate.get("reasons") or ["no reason recorded"]))
            raise UsageError(
                f"{version.id} was rejected by the gate ({reasons}) and cannot be put in use. "
                "Type `sleeping versions` to see the accepted ones."
            )
        return version

    def _scan(self) -> tuple[_Found, _Problems]:
        valid: _Found = []
        broken: _Problems = []
        root = self._home.versions
        with atomic.disk_errors(root):
            folders = sorted(root.iterdir()) if root.is_dir() else []
        for folder in folders:
            if folder.name.startswith("."):
                continue  # being built, or left by a killed process
            try:
                valid.append(_version(_read_manifest(folder), folder))
            except StateError as error:
                broken.append((folder, str(error)))
        return sorted(valid, key=lambda version: (version.created, version.id)), broken

    def _writing(self) -> AbstractContextManager[None]:
        return file_lock(self._home.root / "active.lock", "switch", wait=10.0)

    def _pointer(self) -> tuple[str | None, _History]:
        path = self._home.active_file
        if not path.exists():
            return None, []
        try:
            content = atomic.read_json(path)
            schema, active, history = content["schema"], content["active"], content["history"]
        except (StateError, KeyError, TypeError) as error:
            raise _DamagedPointer(
                f"{path} is damaged: it does not say which version is in use. "
                "Type `sleeping switch base`, or `sleeping switch ID`."
            ) from error
        if schema != SCHEMA:
            raise StateError(
                f"{path} was written by a newer release (schema {schema}; this one knows "
                f"{SCHEMA}). Type `pip install --upgrade sleeping-plugin`."
            )
        return active, list(history)

    def _point(self, active: str | None, history: _History) -> None:
        content = {"schema": SCHEMA, "active": active, "history": history[-_KEPT:]}
        atomic.write_json(self._home.active_file, content)


def _begins(identity: str, name: str) -> bool:
    return bool(name) and identity.startswith((name, f"v-{name}"))


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest = _checked(atomic.read_json(folder / MANIFEST), folder)
    if manifest["id"] != folder.name:
        raise StateError(f"{folder / MANIFEST} is the manifest of {manifest['id']}.")
    return manifest


def _checked(manifest: Any, folder: Path) -> dict[str, Any]:
    """Return ``manifest`` if it describes what is in ``folder``; StateError otherwise."""
    found = _described(manifest, folder)
    for name in [*found["files"], *([found["adapter"]] if found["adapter"] else [])]:
        if not (folder / name).is_file():
            raise StateError(f"{folder / name} is missing.")
    return found


def _described(manifest: Any, folder: Path) -> dict[str, Any]:
    """Return ``manifest`` if it could describe a folder; StateError otherwise."""
    where = folder / MANIFEST
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise StateError(f"{where} does not have schema {SCHEMA}.")
    for name, kind in _FIELDS.items():
        if name not in manifest or not isinstance(manifest[name], kind):
            raise StateError(f"{where} has no valid {name!r}: {manifest.get(name)!r}.")
    identity = str(manifest["id"])
    if identity in (".", "..") or PurePosixPath(identity).name != identity or "\\" in identity:
        raise StateError(f"{where} has no valid 'id': {identity!r}.")
    named = [*manifest["files"], *([manifest["adapter"]] if manifest["adapter"] else [])]
    for name in named:
        relative = PurePosixPath(str(name))
        if relative.is_absolute() or ".." in relative.parts:
            raise StateError(f"{where} names {name!r}, which is outside of its folder.")
    if not named:
        raise StateError(f"{where} names no file to load.")
    return manifest


def _version(manifest: Mapping[str, Any], folder: Path) -> Version:
    return Version(
        id=manifest["id"],
        accepted=manifest["accepted"],
        files=tuple(folder / name for name in manifest["files"]),
        adapter=folder / manifest["adapter"] if manifest["adapter"] else None,
        gate=manifest["gate"],
        created=manifest["created"],
        parent=manifest["parent"] or "",
        base_digest=manifest["base_digest"],
    )
