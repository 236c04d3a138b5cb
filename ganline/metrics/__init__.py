"""What a generator is judged by: one file a measure, each a pure function of arrays. docs/metrics.md lists them all.

checks            what every measure demands of its arrays
distances         blocks of distances and nearest neighbours, which several measures share
extractors        the networks that turn images into features

A new measure is one file here, and one Measure in the file of ganline/suite that its kind belongs to. TensorFlow is
imported in extractors, and elsewhere only inside functions.
"""
