"""A plugin that breaks while it is imported."""

raise RuntimeError("the wreck sank")
