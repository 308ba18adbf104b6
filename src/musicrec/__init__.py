"""Shared helpers of the book *musicrec*: data, protocol, recommenders, evaluation, publishing.

Nothing is imported here on purpose: the command must start fast, and only the networks need TensorFlow.
"""

__version__ = "0.1.0"
