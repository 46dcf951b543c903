"""The running service does what its OpenAPI document says, whatever Schemathesis makes of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.deployments import BANK_KEY, OPERATOR_KEY, Deployment
from support.processes import clean_environ

# The same requests in every run: a finding comes again until it is mended.
SEED = 20_261_124
EXAMPLES = 15

_CONFIG = f"""
hooks = {json.dumps(str(Path(__file__).with_name("schemathesis_checks.py")))}

# Beside what it expects of well-formed requests by itself: an end of a verification and an
# unreachable number, and 400 for the reasons that the check of our own lets through.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "410", "422", "429"]

[auth.openapi.api_key]
bearer = {json.dumps(BANK_KEY)}

[auth.openapi.operator_key]
bearer = {json.dumps(OPERATOR_KEY)}
"""


@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing(deployment: Deployment, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(deployment.operator.get("/openapi/openapi.json").text)
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [str(document), "--url", deployment.bank.service, "--checks", "all"]
    command += ["--seed", str(SEED), "--max-examples", str(EXAMPLES), "--continue-on-failure"]
    command += ["--generation-database", "none"]

    finished = subprocess.run(
        command, cwd=tmp_path, env=clean_environ(), capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
