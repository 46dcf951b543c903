"""``python -m otp_service.cli``: the command line without its script."""

from otp_service.cli import main

main()
