"""What an operator can set: the environment over a TOML file over defaults.

``load_settings`` is the entry, and ``holding`` beside it for a service that runs. Each gives
settings that hold together, or raises one error that names everything that is wrong.
"""

from otp_service.settings.api_keys import ApiKeySettings
from otp_service.settings.applications import DEMO_API_KEY, ApplicationSettings, Rules
from otp_service.settings.loading import holding, load_settings
from otp_service.settings.model import Settings
from otp_service.settings.problems import Problem, SettingsError
from otp_service.settings.test_numbers import FixedPinSettings

__all__ = [
    "DEMO_API_KEY",
    "ApiKeySettings",
    "ApplicationSettings",
    "FixedPinSettings",
    "Problem",
    "Rules",
    "Settings",
    "SettingsError",
    "holding",
    "load_settings",
]
