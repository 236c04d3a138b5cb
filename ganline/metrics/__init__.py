"""What a generator is judged by: one file a metric, each a pure function of feature arrays.

frechet           Frechet distance (FID), with its mean and covariance parts
kid               kernel distance (KID)
inception_score   Inception Score
precision_recall  improved precision and recall

extractors        the networks that turn images into features; the only file here that knows TensorFlow
checks            what every metric demands of its arrays

A new metric is one file here and one function in the METRICS of stages/evaluate.py.
"""
