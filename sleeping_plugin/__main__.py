"""``python -m sleeping_plugin`` is ``sleeping``."""

from sleeping_plugin.cli import main

main()
