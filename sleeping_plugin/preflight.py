"""What a night asks of the host before it begins."""

from __future__ import annotations

from pathlib import Path

from sleeping_plugin.config import Config
from sleeping_plugin.errors import ConfigError
from sleeping_plugin.hookspecs import Host, OneFileHost
from sleeping_plugin.plugins import Plugins


def check_host(plugins: Plugins, config: Config, base: Path) -> None:
    """Raise SleepingError if the configured host could not serve what this night will write."""
    host: Host = plugins.pick("host", config.model.host)
    host.check(base)
    if config.export.layout == "split" and isinstance(host, OneFileHost):
        raise ConfigError(
            f"The host {host.name} serves a version in one file, and export.layout is split. Set "
            "it to whole, or choose another host: `sleeping config edit`."
        )
