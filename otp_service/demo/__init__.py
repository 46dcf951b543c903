"""A signup page on the service's HTTP API: the example to copy.

It uses what any customer's back end would: the API, over HTTP, with an API key. Nothing of the
service is imported here, and nothing of the key reaches a browser.
"""

from otp_service.demo.pages import create_demo_pages

__all__ = ["create_demo_pages"]
