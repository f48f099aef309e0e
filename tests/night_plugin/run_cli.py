"""Run one command of ``sleeping`` in a process that has just been forked for it.

PATHS, VARIABLES, ARGUMENTS and OUTPUT are set by whoever runs this file.
"""

from __future__ import annotations

import os
import sys
from typing import Any

given: Any = globals()
os.environ.update(given["VARIABLES"])
sys.path[:0] = given["PATHS"]
output = os.open(given["OUTPUT"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
os.dup2(output, 1)
os.dup2(output, 2)

from sleeping_plugin import cli  # noqa: E402  # after the path to the plugin is set

sys.exit(cli.run(given["ARGUMENTS"]))
