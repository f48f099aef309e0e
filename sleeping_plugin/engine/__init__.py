"""The engine: plain functions on arrays, and one small protocol over torch and MLX."""
