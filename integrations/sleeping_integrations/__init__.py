"""Hosts: publish, serve and switch versions, one module per host."""
