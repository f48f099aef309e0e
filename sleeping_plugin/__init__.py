"""Long-term memory for local language models, written into the weights overnight.

The story of a night is in :mod:`sleeping_plugin.night`; everything that can be replaced is in
:mod:`sleeping_plugin.hookspecs`.
"""

from typing import Final

__version__: Final = "0.1.0"
