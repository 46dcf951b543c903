"""The WSGI application, from whatever the environment says."""

from otp_service.api.factory import OtpApi
from otp_service.settings import load_settings
from otp_service.wiring import wire_api


def create_app() -> OtpApi:
    """Give the WSGI application of this process' settings.

    Raises:
        SettingsError: names everything that is wrong with them.
    """
    return wire_api(load_settings())
