"""``sleeping chat``: a chat in the terminal with the version in use, which can sleep meanwhile."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import typer

from sleeping_plugin.base import current_base
from sleeping_plugin.chat_session import ChatSession
from sleeping_plugin.commands.sleep import run_night
from sleeping_plugin.commands.status import read_status
from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.errors import SleepingError
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.loading import advising, files_to_load
from sleeping_plugin.records import Message
from sleeping_plugin.render import Result, clean, count_of, make_console
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.versions import Versions

PROMPT = "> "
HELP = """\
/sleep     teach the model what you told it, and go on with the new version
/nap       the same without training: quicker and shallower
/status    what is in use, and how many facts wait for the next sleep
/compact   summarise what was said so far, to make room in the context
/quit      leave (as do /exit, Ctrl-D and Ctrl-C)
/help      show this
Ctrl-C during an answer stops that answer. Everything else that you type is said to the model."""


@dataclass(frozen=True, slots=True)
class Chatted(Result):
    """A chat that has ended."""

    version: str  # in use at the end: an id, or "base"
    recorded: bool
    messages: tuple[Message, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the messages as the OpenAI API writes them."""
        said = [{"role": message.role, "content": message.content} for message in self.messages]
        return {"version": self.version, "recorded": self.recorded, "messages": said}

    def to_text(self) -> str:
        """Return what becomes of it."""
        if not self.messages:
            return "Nothing was said."
        if not self.recorded:
            return "This chat could not be recorded to its end."
        count = count_of(len(self.messages), "message")
        return f"{count} recorded. Type `sleeping sleep` to let the model learn from them."


class Chat:
    """The terminal's side of a chat: reads lines, shows answers, runs commands."""

    def __init__(self, context: Context, resources: ExitStack) -> None:
        self.context = context
        self.config = context.config
        self.quiet = context.as_json
        self.console = make_console()
        self.said: list[Message] = []  # in conversations that a sleep has ended
        self.since_sleep = 0  # user turns
        self.commands: dict[str, Callable[[], None]] = {
            "/sleep": lambda: self.sleep("full"),
            "/nap": lambda: self.sleep("nap"),
            "/status": self.show_status,
            "/compact": self.compact,
            "/help": lambda: self.tell(HELP),
        }
        memory = resources.enter_context(open_memory(context.home))
        self.model = Loaded(context)
        resources.callback(self.model.close)
        self.session = ChatSession(
            self.model.runtime,
            memory.journal,
            context=self.model.runtime.info.context,
            max_tokens=self.config.chat.max_tokens,
            temperature=self.config.chat.temperature,
            seed=self.config.night.seed,
            warn=self.complain,
        )

    def run(self) -> Chatted:
        """Chat until the user leaves."""
        self.tell(
            f"You are talking to {self.model.title}. Type /help for commands, /quit to leave."
        )
        while (line := self.read_line()) is not None:
            if not line:
                continue
            word = line.split()[0].lower()
            if word in ("/quit", "/exit"):
                break
            if line.lower() in self.commands:
                self.commands[line.lower()]()
            elif word.startswith("/") and word[1:].isalpha() and line == line.split()[0]:
                self.tell(f"There is no command {line}. Type /help to see all.")
            else:
                self.answer(line)
        return Chatted(self.model.name, self.session.recorded, (*self.said, *self.session.said))

    def read_line(self) -> str | None:
        """Return what the user types next; None for the end of the input and for Ctrl-C."""
        try:
            return input("" if self.quiet else PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            self.tell("")
            return None

    def answer(self, text: str) -> None:
        """Say ``text`` to the model and show its answer as it comes; sleep if it is time."""
        try:
            with stopping() as stopped:
                for piece in self.session.reply(text, stopped):
                    self.write(clean(piece))
                self.write(" [stopped]\n" if stopped() else "\n")
        except SleepingError as error:
            self.complain(str(error))
            self.model.revive()
            self.session.model = self.model.runtime
            return
        self.since_sleep += 1
        if 0 < self.config.chat.auto_sleep_turns <= self.since_sleep:
            self.tell(f"{count_of(self.since_sleep, 'turn')} since the last sleep: sleeping now.")
            self.sleep("full")

    def sleep(self, kind: Literal["full", "nap"]) -> None:
        """Sleep, then go on: with an empty context if a new version is in use, else as before."""
        self.since_sleep = 0
        self.model.close()  # the night needs the memory
        before = self.model.name
        try:
            slept = run_night(self.context, kind)
            if not self.quiet:
                self.console.print(slept.to_text())
        except SleepingError as error:
            self.complain(str(error))
        except KeyboardInterrupt:
            self.complain("The sleep was stopped. The next one goes on from there.")
        self.model.open()
        self.session.model = self.model.runtime
        if self.model.name != before:
            self.said += self.session.said
            self.session.restart()
            self.tell(
                f"Good morning. You are talking to {self.model.title}, in a new conversation."
            )

    def compact(self) -> None:
        """Summarise the chat so far."""
        with stopping() as stopped:
            summary = self.session.compact(stopped)
        self.tell(f"Summarised: {summary}" if summary else "There was nothing to summarise.")

    def show_status(self) -> None:
        """Show the home's state, and how full the context is."""
        if self.quiet:
            return
        status = read_status(self.context.home, self.config, self.context.plugins)
        self.console.print(status.to_text())
        session = self.session
        self.tell(f"context   {session.tokens()} of {session.context} tokens in use")

    def tell(self, text: str) -> None:
        """Show a line, unless the result is to be JSON."""
        if not self.quiet:
            self.console.print(clean(text), soft_wrap=True)

    def complain(self, text: str) -> None:
        """Show what went wrong, on standard error."""
        self.context.console.print(clean(text), soft_wrap=True)

    def write(self, text: str) -> None:
        """Show a piece of an answer at once."""
        if not self.quiet:
            sys.stdout.write(text)
            sys.stdout.flush()


class Loaded:
    """The version in use, running."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.open()

    def open(self) -> None:
        """Start the version that is in use now."""
        home, config = self._context.home, self._context.config
        version = Versions(home).active()
        model, adapter = files_to_load(version, current_base(home, config))
        self.name = version.id if version else "base"
        with advising(version):
            self.runtime = Runtime(
                model, adapter, context=config.model.context, threads=config.model.threads
            )

    @property
    def title(self) -> str:
        """Return what to call it in a sentence."""
        return "the base" if self.name == "base" else self.name

    def revive(self) -> None:
        """Start anew if the child process has died."""
        try:
            self.runtime.tokenize([""])
        except SleepingError:
            self.close()
            self.open()

    def close(self) -> None:
        """End the child process."""
        self.runtime.close()


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C was pressed within the block.

    The first press is only noted, so that the model can be stopped in good order; a second one
    interrupts at once.
    """
    pressed = False

    def press(signum: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def prepare_terminal() -> None:
    """Take and show any text, and edit lines where that is possible."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):  # no readline on Windows
            import readline  # noqa: F401 - importing it is what turns line editing on


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping chat``."""

    @app.command("chat")
    def chat(ctx: typer.Context) -> Chatted:
        """Chat with your model in the terminal. What you tell it is learnt at the next sleep.

        With --json, lines are read without a prompt and one object is printed at the end.
        """
        prepare_terminal()
        with ExitStack() as resources:
            return Chat(Context.of(ctx), resources).run()
