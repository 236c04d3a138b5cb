"""Questions to a trained model: a package a study, a file of it a question.

A study is a package of this folder, named in STUDIES, with

    PARTS          the names of its files that are questions, in the order of the report
    load(params)   what they are asked of: see `ganline.studies.answers.Subject`
"""

STUDIES = ("latent",)
"""The packages of this folder that are studies, in the order of the report."""
