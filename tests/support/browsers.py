"""What the tests in a browser need, and how they say that it is not there."""

REQUIRED = "REQUIRE_BROWSER"
NO_BROWSER = "no Chromium on PATH (Debian: apt-get install chromium)"
