"""Prove that a version's files are what base, factors and recipe give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sleeping_plugin import atomic, factors, settle
from sleeping_plugin.base import Base, current_base, require_master
from sleeping_plugin.config import Config
from sleeping_plugin.errors import DiskFull, MasterDiffers, SleepingError
from sleeping_plugin.home import Home
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import NOTHING, Progress, Version
from sleeping_plugin.settle import SETTLED
from sleeping_plugin.versions import Versions, file_digest


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Whether a version's files are what base, factors and recipe give."""

    id: str
    ok: bool
    detail: str


def verify_versions(
    home: Home, config: Config, plugins: Plugins, progress: Progress
) -> Sequence[VerifyResult]:
    """Export every version again from base, factors and recipe, and compare the bytes."""
    base = current_base(home, config, progress)
    versions = Versions(home)
    results = [VerifyResult(folder.name, False, problem) for folder, problem in versions.broken()]
    for version in versions.list():
        if version.base_digest != base.digest:
            results.append(VerifyResult(version.id, False, "made from another base"))
            continue
        if versions.manifest(version.id).get("adopted"):
            results.append(_compare_adopted(versions, version))
            continue
        try:
            detail = _compare(home, base, version, config, plugins, progress)
        except DiskFull:
            raise  # nothing was compared
        except SleepingError as error:
            detail = str(error)
        results.append(VerifyResult(version.id, not detail, detail or "every byte is as derived"))
    return results


def _compare(
    home: Home,
    base: Base,
    version: Version,
    config: Config,
    plugins: Plugins,
    progress: Progress,
) -> str:
    """Return what differs between a version and its re-export; "" if nothing does."""
    versions = Versions(home)
    manifest = versions.manifest(version.id)
    recipe = dict(manifest["recipe"])
    exporter = plugins.pick("exporter", recipe.pop("exporter"))
    chosen = factors.load(versions.folder(version.id) / "factors.npz")
    if factors.digest(chosen) != manifest["factors_digest"]:
        return "its factors are not those it was made of"
    settled = NOTHING
    if settled_digest := recipe.pop("settled", ""):
        settled = settle.load(versions.folder(version.id) / SETTLED)
        if settle.digest(settled) != settled_digest:
            return "its settled tensors are not those it was made of"
    master = _master(home, base, config, recipe.pop("master", ""), progress)
    settings = replace(config, export=type(config.export)(**recipe))
    with atomic.staging_folder(versions.folder(version.id).parent) as folder:
        files, adapter = exporter.export(
            # versions from before exports had keys of their own have none here either
            *(base.path, chosen, folder, manifest.get("metadata", {}), settings, progress),
            settled=settled,
            master=master,
        )
        for file in [*files, *([adapter] if adapter else [])]:
            if not same_bytes(file, versions.folder(version.id) / file.name):
                return f"{file.name} differs from its re-export"
    return ""


def _master(home: Home, base: Base, config: Config, digest: str, progress: Progress) -> Path | None:
    """Return the folder of the float weights of this digest; None for none.

    Raises ModelError if they are gone, MasterDiffers if others are there.
    """
    if not digest:
        return None
    known = require_master(home, config, base, progress)
    if known.master is None or known.master.digest != digest:
        raise MasterDiffers(
            f"it was made with the float weights {digest[:19]}..., which model.master does not name"
        )
    return known.master.path


def _compare_adopted(versions: Versions, version: Version) -> VerifyResult:
    """Compare an adopted version with the file that came: its factors did not come with it."""
    digests: dict[str, str] = versions.manifest(version.id)["digests"]
    folder = versions.folder(version.id)
    changed = [name for name, digest in digests.items() if file_digest(folder / name) != digest]
    if changed:
        return VerifyResult(version.id, False, f"{changed[0]} is not as it was adopted")
    known = "as it was adopted; without factors, it cannot be derived again"
    return VerifyResult(version.id, True, known)


def same_bytes(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same bytes."""
    if not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while (chunk := left.read(1 << 22)) == right.read(1 << 22):
            if not chunk:
                return True
    return False
