"""Chat capture: one module per source, registered through the hook specs of the core."""
