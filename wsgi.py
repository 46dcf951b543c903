"""For any WSGI server: ``wsgi:app``."""

from otp_service.app import create_app

app = create_app()
