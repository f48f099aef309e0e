"""``sleeping serve``: the version in use behind an OpenAI-compatible API on this machine."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import typer

from sleeping_plugin.context import Context
from sleeping_plugin.errors import UsageError
from sleeping_plugin.hookspecs import ServingHost, hookimpl
from sleeping_plugin.render import make_console, print_json


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping serve``."""

    @app.command("serve")
    def serve(
        ctx: typer.Context,
        port: Annotated[
            int | None,
            typer.Option("--port", min=0, max=65535, help="Another port; 0: any free one."),
        ] = None,
    ) -> None:
        """Serve the version in use, record its chats, follow every switch; Ctrl-C ends it.

        With --json, the object is printed when requests can come.
        """
        context = Context.of(ctx)
        config = context.config
        if port is not None:
            config = replace(config, serve=replace(config.serve, port=port))
        host = context.plugins.pick("host", config.model.host)
        if not isinstance(host, ServingHost):
            raise UsageError(
                f'The host "{host.name}" is no server that `sleeping serve` could start. '
                "To be served from here: `sleeping --set model.host=llama-cpp serve`."
            )

        def started(address: str, model: str) -> None:
            if context.as_json:
                print_json({"address": address, "model": model})
                return
            make_console().print(
                f'Serving at {address} as "{model}". Chats are recorded. Ctrl-C ends it.',
                soft_wrap=True,
            )

        with suppress(KeyboardInterrupt):  # the way to end it
            host.serve(context.home, config, context.plugins, started=started)
