"""What an app sees before it asks a model for anything."""

import pytest

from support.policy import MODELS


@pytest.mark.core
def test_the_list_of_models_names_the_routes(gateway):
    listed = [model.id for model in gateway.openai().models.list()]
    assert listed[0] == "auto"
    assert {"claude", "gpt", "gemini"} <= set(listed)
    assert not {*MODELS.values()} & set(listed), "a provider's own names are not the app's business"


def test_the_list_of_models_suits_an_anthropic_app(gateway):
    listed = gateway.anthropic().models.list()
    assert "auto" in [model.id for model in listed]
