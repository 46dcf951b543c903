"""The API on fakes, for a server that is started with ``served:app``."""

from conftest import Service, an_application

app = Service(keys={"key-of-shop": an_application("shop")}).app()
