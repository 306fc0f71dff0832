"""The config tree: a leaf that everybody may read, and that imports nothing heavy."""

from pipeline.config.config import Beam, Config, Pusher
from pipeline.config.data import Data, GroupSplits, HashSplits, Schema, TimeSplits
from pipeline.config.evaluator import Evaluator, Threshold
from pipeline.config.features import (
    Buckets,
    Cross,
    Embedding,
    Feature,
    Hashed,
    Identity,
    MinMax,
    Numeric,
    OneHot,
    Vocabulary,
    ZScore,
    columns_of,
    feature_key,
)
from pipeline.config.model import Head, Label, Model
from pipeline.config.record import Record
from pipeline.config.resources import Resources
from pipeline.config.trainer import EarlyStopping, ReduceLearningRate, Schedule, Trainer

__all__ = [
    "Beam", "Buckets", "Config", "Cross", "Data", "EarlyStopping", "Embedding", "Evaluator", "Feature",
    "GroupSplits", "HashSplits", "Hashed", "Head", "Identity", "Label", "MinMax", "Model", "Numeric", "OneHot",
    "Pusher", "Record", "ReduceLearningRate", "Resources", "Schedule", "Schema", "Threshold", "TimeSplits", "Trainer",
    "Vocabulary", "ZScore", "columns_of", "feature_key",
]  # fmt: skip
