"""The API on fakes, for a server that is started with ``served:app``."""

from conftest import Service, a_caller

app = Service(keys={"key-of-shop": a_caller("shop")}).app()
