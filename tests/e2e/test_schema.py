"""What `tradewind schema` prints is a JSON Schema, by a validator of the field."""

import json
import subprocess

import jsonschema_rs
import pytest
import yaml

from support import paths

POLICIES = [
    *sorted((paths.ROOT / "tests/corpus/policy").iterdir()),
    paths.ROOT / "envoy/gateway/policy.yaml",
]


def schema() -> dict:
    done = subprocess.run([paths.TRADEWIND, "schema"], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_it_is_a_schema():
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema())


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.name)
def test_a_right_policy_is_valid(file):
    jsonschema_rs.validator_for(schema()).validate(yaml.safe_load(file.read_text()))
