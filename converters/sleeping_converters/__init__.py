"""GGUF to working copy and back: de-quantising, export, adapters."""
