"""Every error a user can meet: one base, one class per cause, a stable code and exit code.

The message says what happened, with which value, and what to type next. ``sleeping`` prints it as
one sentence; the traceback goes to the log.

    SleepingError                  1   anything of ours
    +-- UsageError                 2   a command was called with something it cannot take
    +-- ConfigError                3   the configuration file or an override
    +-- NotInitialised             4   no model chosen for this home yet
    +-- ModelError                10   the model file: missing, truncated, not GGUF
    |   +-- UnsupportedModel      11   an architecture or tensor layout that cannot be edited
    |   +-- NoChatTemplate        12   a model that cannot chat
    |   +-- BaseChanged           13   the base file is not the one that was learnt from
    |   +-- AlreadyTaught         14   an exported version where a base is wanted
    |   +-- NoOrigin              15   a file to adopt that does not say where it comes from
    |   +-- CopyDiffers           16   the working copy does not compute what llama.cpp does
    |   +-- MasterDiffers         17   float weights that the model was not made from
    +-- RuntimeFailed             20   llama.cpp failed in its child process
    +-- MissingExtra              21   an optional dependency is not installed
    +-- NotEnoughMemory           22   a night of this model does not fit this machine
    +-- StateError                30   the home directory: unreadable, corrupt, from the future
    |   +-- Locked                31   another process is at work on it
    |   +-- DiskFull              32   no space left, or not enough for the night
    +-- NotFound                  40   no such fact, version, file
    +-- ImportFailed              41   nothing in the file could be imported
    +-- NothingToLearn            50   a night without a single fact
    |   +-- CannotUnlearn         53   a nap, where only a whole night can leave a fact out
    +-- NightFailed               51   a step of the night failed; nothing was published
    +-- VerifyFailed              52   a version's file is not what its recipe gives
    +-- PluginError               60   a plugin broke its contract
    +-- Interrupted              130   Ctrl-C; the state is consistent
"""

from typing import ClassVar


class SleepingError(Exception):
    """Base of all errors that are reported as one sentence."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1


class UsageError(SleepingError):
    """A command was called with something it cannot take."""

    code = "usage"
    exit_code = 2


class ConfigError(SleepingError):
    """The configuration has an unknown key, an ill-typed value or cannot be read."""

    code = "config"
    exit_code = 3


class NotInitialised(SleepingError):
    """This home has no model yet."""

    code = "not-initialised"
    exit_code = 4


class ModelError(SleepingError):
    """The model file is missing, truncated or no GGUF."""

    code = "model"
    exit_code = 10


class UnsupportedModel(ModelError):
    """The architecture, or a tensor of the model, cannot be edited."""

    code = "unsupported-model"
    exit_code = 11


class NoChatTemplate(ModelError):
    """The model has no chat template, so there is no chat to remember in."""

    code = "no-chat-template"
    exit_code = 12


class BaseChanged(ModelError):
    """The base file differs from the one this home learnt from."""

    code = "base-changed"
    exit_code = 13


class AlreadyTaught(ModelError):
    """The file is a version that a night has made, where a base is wanted."""

    code = "already-taught"
    exit_code = 14


class NoOrigin(ModelError):
    """The file does not say which version of which model it is."""

    code = "no-origin"
    exit_code = 15


class CopyDiffers(ModelError):
    """The working copy is not the model that llama.cpp runs, or nobody can tell."""

    code = "copy-differs"
    exit_code = 16


class MasterDiffers(ModelError):
    """The float weights are not, or no longer, those that the model was made from."""

    code = "master-differs"
    exit_code = 17


class RuntimeFailed(SleepingError):
    """llama.cpp refused or died in its child process."""

    code = "runtime"
    exit_code = 20


class MissingExtra(SleepingError):
    """An optional dependency is needed and not installed."""

    code = "missing-extra"
    exit_code = 21


class NotEnoughMemory(SleepingError):
    """A night of this model takes more memory than the machine has."""

    code = "memory"
    exit_code = 22


class StateError(SleepingError):
    """The home directory is unreadable, corrupt, or written by a newer release."""

    code = "state"
    exit_code = 30


class Locked(StateError):
    """Another process is at work on this home."""

    code = "locked"
    exit_code = 31


class DiskFull(StateError):
    """There is no space left, or not enough for what was asked."""

    code = "disk-full"
    exit_code = 32


class NotFound(SleepingError):
    """No fact, version or file of that name."""

    code = "not-found"
    exit_code = 40


class ImportFailed(SleepingError):
    """Nothing in the file could be imported."""

    code = "import"
    exit_code = 41


class NothingToLearn(SleepingError):
    """A night was asked for without a single accepted fact."""

    code = "nothing-to-learn"
    exit_code = 50


class CannotUnlearn(NothingToLearn):
    """A nap was asked for, but only a whole night can leave out what was forgotten."""

    code = "cannot-unlearn"
    exit_code = 53


class NightFailed(SleepingError):
    """A step of the night failed; nothing was published."""

    code = "night"
    exit_code = 51


class VerifyFailed(SleepingError):
    """A version's file is not what its base, factors and recipe give."""

    code = "verify"
    exit_code = 52


class PluginError(SleepingError):
    """A plugin broke its contract."""

    code = "plugin"
    exit_code = 60


class Interrupted(SleepingError):
    """Stopped by the user; the state is consistent."""

    code = "interrupted"
    exit_code = 130
