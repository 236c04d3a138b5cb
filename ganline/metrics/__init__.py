"""What a generator is judged by: one file a measure, each a pure function of arrays. docs/metrics.md lists them all.

checks            what every measure demands of its arrays
distances         blocks of distances and nearest neighbours, which several measures share

A new measure is one file here whose name is the measure's, with its maths and its MEASURE (see record);
ganline/evaluation/measures.py finds it. TensorFlow is imported only inside functions.
"""
