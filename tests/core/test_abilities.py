"""One vocabulary, and one function that matches needs with what there is."""

import pytest

from ganline.core.abilities import ABILITIES, lacking
from ganline.evaluation import measures
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.recipes import Translation


def test_what_is_missing_is_said_in_words():
    assert lacking((), ()) == lacking(("latents",), ("latents", "labels")) == ""
    assert lacking(("latents", "encoder"), ("latents",), "vae.VAE") == "vae.VAE has no encoder"
    assert lacking(("labels", "classes"), ()) == (
        "the extractor does not know the data's classes; this model cannot be asked for the data's classes"
    )
    for ability in ABILITIES:
        assert len(lacking((ability,), (), "it")) > 15


def test_a_word_of_another_vocabulary_is_refused():
    for needs, has in ((("slow_to_draw",), ()), ((), ("critic",))):
        with pytest.raises(ValueError, match="no ability; there are latents, pairs, classes"):
            lacking(needs, has)


def test_models_and_measures_speak_it():
    for name, facts in model_facts().items():
        assert facts["abilities"] and {*facts["abilities"], *facts["needs"]} <= set(ABILITIES), name
    assert all(measure.needs <= set(ABILITIES) for measure in measures.measures().values())


def test_whoever_makes_images_of_images_says_so():
    for name, facts in model_facts().items():
        assert ("inputs" in facts["abilities"]) == issubclass(recipe_of(name), Translation), name
